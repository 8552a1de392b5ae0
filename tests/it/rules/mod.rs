//! One file for each part of the specifications, held against the running server.

mod assertions;
mod client_auth;
mod client_credentials;
mod code;
mod connections;
mod desk;
mod discovery;
mod dpop;
mod hints;
mod hostile;
mod id_jag;
mod introspection;
mod jwks;
mod out_of_reach;
mod parameters;
mod pkce;
mod refresh;
mod refusals;
mod registration;
mod resources;
mod reviewed;
mod revocation;
mod revoked_keys;
mod rotation_under_load;
pub mod status_list;
mod tokens;
mod userinfo;
