//! The outside world's files: replication JSON, catalogues, traces, manifests.
