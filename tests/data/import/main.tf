terraform {
  required_version = ">= 1.5"
}
resource "aws_ecr_repository" "api" {
  name = "api"
}
