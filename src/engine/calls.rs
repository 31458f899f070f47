//! Calls against the registries' quotas (A.9).
//!
//! A client that is refused takes nothing and comes back after a wait with jitter, so that a herd spreads out: nodes as
//! kubelet does, with the cluster's back-off; clients that push, and jobs, as the AWS SDKs do.

use crate::cloud::RegistryId;
use crate::registry::quota::Call;
use crate::registry::{Image, Quota};
use crate::sim::{EntityKey, Purpose, Stream};
use crate::units::{NANOS, Span, Time};

use super::Model;
use super::hazards::Hazards;

/// Bytes of a part of a layer (A78: the service takes parts of 5 to 10 MiB).
const PART: u64 = 10 << 20;
/// A login is good for so long (documentation of `GetAuthorizationToken`).
pub(super) const LOGIN: Span = Span(12 * 3600 * NANOS);
/// Longest wait of an SDK's client (AWS SDK reference, standard retry mode).
const SDK_MAX_SECONDS: u32 = 20;

/// The quotas of every registry.
pub(super) struct Calls {
    quotas: Vec<[Quota; Call::COUNT]>,
}

impl Calls {
    pub fn new(model: &Model) -> Calls {
        let of_registry = || model.service.quotas.map(Quota::per_second);
        Calls { quotas: model.cloud.registries.iter().map(|_| of_registry()).collect() }
    }

    /// Makes so many calls at a registry; `false` = one of them was refused, after those before it were made.
    pub fn make(&mut self, registry: RegistryId, now: Time, calls: &[(Call, u32)]) -> bool {
        let quotas = &mut self.quotas[usize::from(registry.0)];
        calls.iter().all(|(call, count)| quotas[*call as usize].try_take(now, *count))
    }

    /// Quotas are what the faults in force leave of them.
    pub fn retune(&mut self, hazards: &Hazards) {
        for (index, quotas) in self.quotas.iter_mut().enumerate() {
            let share = hazards.quota_share(RegistryId(index as u16));
            quotas.iter_mut().for_each(|quota| quota.throttle(share));
        }
    }
}

/// The calls of a client's push of an image with so many layers, of which these sizes are not there yet (A70).
pub(super) fn of_push(layers: usize, missing: &[u64]) -> [(Call, u32); 5] {
    let parts: u64 = missing.iter().map(|bytes| bytes.div_ceil(PART).max(1)).sum();
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let uploads = count(missing.len() as u64);
    [
        (Call::BatchCheckLayerAvailability, count(layers as u64)),
        (Call::InitiateLayerUpload, uploads),
        (Call::UploadLayerPart, count(parts)),
        (Call::CompleteLayerUpload, uploads),
        (Call::PutImage, 1),
    ]
}

/// The calls of a client's pull of an image of which so many layers are wanted (A71).
pub(super) fn of_pull(wanted: usize) -> [(Call, u32); 2] {
    [(Call::BatchGetImage, 1), (Call::GetDownloadUrlForLayer, u32::try_from(wanted).unwrap_or(u32::MAX))]
}

/// Sizes of the layers of an image that a client would have to upload.
pub(super) fn uploads(image: &Image, is_there: impl Fn(u32) -> bool) -> Vec<u64> {
    image.layers.iter().filter(|layer| !is_there(layer.id)).map(|layer| layer.bytes).collect()
}

/// How long a client of an SDK waits after its `attempt`-th refusal, from 0: a random part of 1, 2, 4, .. up to 20 s.
pub(super) fn sdk_wait(seed: u64, trial: u64, entity: EntityKey, attempt: u32) -> Span {
    let seconds = 1u32.checked_shl(attempt).unwrap_or(SDK_MAX_SECONDS).min(SDK_MAX_SECONDS);
    let mut stream = Stream::new(seed, trial, entity.child(u64::from(attempt)), Purpose::Backoff);
    Span::from_seconds(f64::from(seconds) * stream.uniform()).max(Span(1))
}

/// A back-off with jitter: between half of it and all of it.
pub(super) fn jittered(wait: Span, seed: u64, trial: u64, entity: EntityKey) -> Span {
    let mut stream = Stream::new(seed, trial, entity, Purpose::Backoff);
    Span(libm::round(wait.0 as f64 * (0.5 + 0.5 * stream.uniform())) as i64).max(Span(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a70_a_push_asks_for_every_layer_and_uploads_what_is_missing() {
        let calls = of_push(8, &[3 * PART, PART + 1, 5]);
        assert_eq!(calls.map(|(_, count)| count), [8, 3, 6, 3, 1]);
        assert_eq!(of_push(8, &[]).map(|(_, count)| count), [8, 0, 0, 0, 1]);
    }

    #[test]
    fn a71_a_pull_asks_for_the_manifest_and_for_each_layer() {
        assert_eq!(of_pull(8).map(|(_, count)| count), [1, 8]);
    }

    #[test]
    fn waits_grow_and_have_jitter() {
        let entity = EntityKey::named("push", "app");
        let waits: Vec<f64> = (0..8).map(|attempt| sdk_wait(1, 1, entity, attempt).as_seconds()).collect();
        for (wait, limit) in waits.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0]) {
            assert!(*wait > 0.0 && *wait <= limit, "{waits:?}");
        }
        assert_eq!(sdk_wait(1, 1, entity, 60).as_seconds(), sdk_wait(1, 1, entity, 60).as_seconds());
        let spread: Vec<f64> =
            (0..1000).map(|n| jittered(Span::seconds(10), 1, 1, entity.child(n)).as_seconds()).collect();
        assert!(spread.iter().all(|wait| (5.0..=10.0).contains(wait)));
        let mean = spread.iter().sum::<f64>() / 1000.0;
        assert!((mean - 7.5).abs() < 0.2, "{mean}");
    }
}
