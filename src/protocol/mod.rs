//! The rules: wire types and pure decisions. No actix, no redb, no clock, no randomness, no async.
//!
//! | specification | file |
//! |---|---|
//! | OAuth 2.1 §2.4, RFC 7523 §3: client authentication | [`client_auth`] |
//! | OAuth 2.1 §3.1, §3.2: how parameters look | [`params`] |
//! | OAuth 2.1 §3.2.4, §4.1.2.1: errors | [`refusal`] |
//! | OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2: the authorization request | [`authorize`] |
//! | OpenID Connect Core §3.1.2.1, RFC 9110 §12.5.4: the language of a page | [`language`] |
//! | OAuth 2.1 §4.1.3, RFC 7636: redeeming a code | [`code`], [`pkce`] |
//! | OAuth 2.1 §4.2: client credentials | [`client_credentials`] |
//! | OAuth 2.1 §4.3, RFC 9700 §4.14: refreshing | [`refresh`] |
//! | RFC 8693: acting in somebody's name | [`exchange`] |
//! | OAuth 2.1 §1.4.1, RFC 8707: what may be asked for, and where | [`scope`], [`target`] |
//! | OAuth Client ID Metadata Document: clients that are addresses | [`client_document`] |
//! | RFC 9449: proofs of possession | [`dpop`] |
//! | RFC 7523 §2.1 and §3: workloads known by somebody else's tokens | [`federation`] |
//! | RFC 9068, OpenID Connect Core §2: what tokens say | [`claims`], [`entitlements`] |
//! | access keys, as a hosted service's SDKs exchange them | [`access_key`] |
//! | RFC 7591, RFC 7592: dynamic registration | [`registration`], [`public_keys`] |
//! | RFC 8414, OpenID Connect Discovery: metadata | [`discovery`] |
//! | RFC 9728: what a client reads at a resource before it comes here | [`resource_metadata`] |
//! | OpenID Connect Core §3.1, RFC 9207: signing in with somebody else's provider | [`upstream`] |
//! | RFC 6238, RFC 4226: codes besides a password | [`second_factor`] |
//! | Web Authentication Level 3, RFC 8949: passkeys | [`webauthn`] |
//! | RFC 9110 §10.1.5: what a browser calls itself | [`user_agent`] |
//! | RFC 7009, RFC 7662: revocation and introspection | [`token_status`] |
//! | Token Status List: revocation that reaches who verifies offline | [`status_list`] |
//! | RFC 6750 §3.1: what the scopes of the appliance's own API cover | [`own_scopes`] |

pub mod access_key;
pub mod advice;
pub mod authorize;
pub mod claims;
pub mod client_auth;
pub mod client_credentials;
pub mod client_document;
pub mod code;
pub mod discovery;
pub mod display_name;
pub mod dpop;
pub mod entitlements;
pub mod exchange;
pub mod federation;
pub mod id_jag;
pub mod language;
pub mod mcp_tools;
pub mod own_scopes;
pub mod params;
pub mod pkce;
pub mod public_keys;
pub mod refresh;
pub mod refusal;
pub mod registration;
pub mod resource_metadata;
pub mod scope;
pub mod second_factor;
pub mod status_list;
pub mod strict_json;
pub mod target;
pub mod token_request;
pub mod token_status;
pub mod upstream;
pub mod user_agent;
pub mod webauthn;
