//! Where the appliance meets the network: TLS, plain http, and being started and stopped.

mod acme;
mod redirect;
mod stop;
mod supervisor;
mod tls;

use std::path::PathBuf;

use tempfile::TempDir;

use crate::world::{Certificate, TlsClient, World};

/// The issuer of the appliances here, whatever port they listen on.
const ISSUER: &str = "https://id.example:8443";

/// An appliance that speaks TLS, and where its certificate lies.
struct Edge {
    world: World,
    directory: TempDir,
}

impl Edge {
    fn open(certificate: &Certificate) -> Self {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path().into(), certificate);
        let path = |name| directory.path().join(name).to_str().unwrap().to_owned();
        let world = World::with(&[
            ("public_url", ISSUER),
            ("tls.certificate", &path("chain.pem")),
            ("tls.key", &path("key.pem")),
            ("tls.redirect_from", "127.0.0.1:0"),
        ]);
        Self { world, directory }
    }

    fn put(&self, certificate: &Certificate) {
        put(self.directory.path().into(), certificate);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn client(&self, certificate: &Certificate) -> TlsClient {
        TlsClient::new(&certificate.pem)
    }
}

fn put(directory: PathBuf, certificate: &Certificate) {
    std::fs::write(directory.join("chain.pem"), &certificate.pem).unwrap();
    write_key(&directory.join("key.pem"), &certificate.key_pem);
}

fn write_key(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
