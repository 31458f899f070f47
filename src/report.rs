//! Tables, CSV, charts, Markdown, HTML; one writer that is atomic.
