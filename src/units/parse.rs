//! Text to quantity and back: `"200 MB"`, `"4h30m"`, `"5 Gbit/s"`, `"$0.02/GB"`.
