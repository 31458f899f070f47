//! AWS regions: codes, places, and round-trip times between them.
