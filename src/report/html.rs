use super::Rendered;
impl Rendered<'_> {
    pub(crate) fn html(&self) -> Result<String, minijinja::Error> {
        Ok(String::new())
    }
}
