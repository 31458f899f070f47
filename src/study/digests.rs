//! Digests of images that have no bytes.

use sha2::{Digest, Sha256};

/// The digest that stands for an image: that of what makes it what it is, the seed, the trial and its number. It is the
/// same under every strategy.
pub(super) fn digest(seed: u64, trial: u64, image: u32) -> String {
    format!("sha256:{}", hex(&Sha256::digest(format!("replisim image {seed} {trial} {image}"))))
}

/// Bytes as small hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
