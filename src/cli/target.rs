//! Where the results of a command go.

use std::path::{Path, PathBuf};

use replisim::report::write;
use replisim::study::StudyError;

use super::Stop;

/// The directory of results.
pub struct Target {
    /// It.
    pub directory: PathBuf,
    /// It was made for this command, so a command without results takes it away again.
    is_new: bool,
}

impl Target {
    /// Finds out now, and not after a long run, whether results can be written: to `out`, or else to the
    /// [`default_directory`].
    pub fn prepare(out: Option<&Path>, scenario: &Path, ending: &str) -> Result<Target, Stop> {
        let directory = out.map_or_else(|| default_directory(scenario, ending), Path::to_owned);
        let is_new = !directory.exists();
        write::prepare(&directory)?;
        Ok(Target { directory, is_new })
    }

    /// Leaves nothing behind of a command that ends without results.
    pub fn give_up(&self, stop: impl Into<Stop>) -> Stop {
        if self.is_new {
            // Only an empty directory goes; should it have to stay, it does no harm.
            let _ = std::fs::remove_dir(&self.directory);
        }
        stop.into()
    }
}

/// Where results go when nothing is said: under `outputs` where one stands, named like the scenario with an ending that
/// tells the commands apart.
fn default_directory(scenario: &Path, ending: &str) -> PathBuf {
    let mut name = scenario.file_stem().unwrap_or(scenario.as_os_str()).to_os_string();
    name.push(ending);
    Path::new("outputs").join(name)
}

impl From<StudyError> for Stop {
    fn from(error: StudyError) -> Stop {
        match error {
            StudyError::Interrupted => Stop::Interrupted,
            error => Stop::Failed(error.to_string()),
        }
    }
}

impl From<write::WriteError> for Stop {
    fn from(error: write::WriteError) -> Stop {
        Stop::Failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_go_beside_where_one_stands() {
        let directory = |ending| default_directory(Path::new("scenarios/global-saas.toml"), ending);
        assert_eq!(directory(""), Path::new("outputs/global-saas"));
        assert_eq!(directory("-optimize"), Path::new("outputs/global-saas-optimize"));
    }

    #[test]
    fn a_command_without_results_takes_away_only_the_directory_that_it_made() {
        let place = tempfile::tempdir().expect("a directory");
        let prepare =
            |name: &str| Target::prepare(Some(&place.path().join(name)), Path::new("shop.toml"), "").expect("writable");
        std::fs::create_dir(place.path().join("mine")).expect("writable");
        let [new, mine] = ["new", "mine"].map(prepare);
        assert!(matches!(new.give_up(StudyError::Interrupted), Stop::Interrupted));
        assert!(matches!(mine.give_up(StudyError::Interrupted), Stop::Interrupted));
        assert!(!place.path().join("new").exists() && place.path().join("mine").exists());
    }
}
