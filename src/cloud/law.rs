//! What one connection, and many, can carry over a distance.
