use super::Rendered;
impl Rendered<'_> {
    pub(crate) fn markdown(&self) -> Result<String, minijinja::Error> {
        Ok(String::new())
    }
}
