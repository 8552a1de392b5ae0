//! protocol

pub mod client_document;
pub mod display_name;
pub mod strict_json;
