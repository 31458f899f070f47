use std::path::PathBuf;
pub fn terminal_summary(_: &crate::study::tables::Tables, _: &[PathBuf]) -> String {
    String::new()
}
pub fn summary_json(_: &crate::study::tables::Tables) -> String {
    String::new()
}
