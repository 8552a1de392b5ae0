//! The files of `static/`, inside the binary, at addresses that change with their content.
//!
//! `writ.css` is served as `writ-<hash>.css`: an address never answers with other bytes, so browsers may keep it
//! for a year ([`CACHE_CONTROL`]). A page names its files through [`asset_path`] and cannot name one that is missing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

/// What every answer from `/static/` carries in `Cache-Control`.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// How many hexadecimal digits of the SHA-256 of a file its address carries.
const HASH_DIGITS: usize = 12;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// File name to public name (`writ.css` to `writ-0123456789ab.css`), and back.
static NAMES: LazyLock<Names> = LazyLock::new(Names::read);

struct Names {
    public: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl Names {
    fn read() -> Self {
        let public: BTreeMap<String, String> = Files::iter()
            .filter_map(|file| {
                let hash = hash_of(&Files::get(&file)?);
                let name = match file.rsplit_once('.') {
                    Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
                    None => format!("{file}-{hash}"),
                };
                Some((file.into_owned(), name))
            })
            .collect();
        let files = public.iter().map(|(file, name)| (name.clone(), file.clone())).collect();
        Self { public, files }
    }
}

fn hash_of(file: &rust_embed::EmbeddedFile) -> String {
    use std::fmt::Write as _;
    let mut hash = String::new();
    for byte in file.metadata.sha256_hash().iter().take(HASH_DIGITS / 2) {
        // Writing to a String cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

/// The address of a file of `static/`, without the path of the issuer: `/static/writ-0123456789ab.css`.
/// A file that does not exist gets an address that answers 404; a test sees to it that no page has one.
pub fn asset_path(file: &str) -> String {
    format!("/static/{}", NAMES.public.get(file).map_or(file, String::as_str))
}

/// The bytes and content type behind the last part of an address made by [`asset_path`].
/// Plain file names answer nothing: they would be kept for a year under a name that may change its content.
pub fn asset(name: &str) -> Option<(Cow<'static, [u8]>, &'static str)> {
    let file = NAMES.files.get(name)?;
    Some((Files::get(file)?.data, content_type(file)))
}

/// Every file, by its plain name.
pub fn files() -> impl Iterator<Item = &'static str> {
    NAMES.public.keys().map(String::as_str)
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_its_file() {
        for file in files() {
            let path = asset_path(file);
            let name = path.strip_prefix("/static/").unwrap();
            assert_ne!(name, file, "the address of {file} carries no hash");
            let (bytes, kind) = asset(name).unwrap();
            assert!(!bytes.is_empty());
            assert_ne!(kind, "application/octet-stream", "{file} has no content type");
        }
    }

    #[test]
    fn other_names_lead_nowhere() {
        for name in ["writ.css", "", "../Cargo.toml", "writ-000000000000.css"] {
            assert!(asset(name).is_none(), "{name}");
        }
    }
}
