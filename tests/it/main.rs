//! One test binary, linked once.

mod docs;
