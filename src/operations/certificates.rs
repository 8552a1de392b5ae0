//! The certificate that TLS shows: read at the start, and again whenever its files change. What replaces it is at least as good, or it
//! stays: somebody who copies the wrong file does not take the appliance away from everybody.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::acme;
use crate::app::App;
use crate::base::{Digest, Fault, FaultKind, Timestamp};
use crate::keys::Certificate;
use crate::model::{Context, Event};

/// Files larger than this are something else.
const LARGEST_FILE: u64 = 256 * 1_024;

/// Reads what the settings name, before the port opens. A certificate that cannot be shown ends the start; one that is over does not:
/// nobody is helped by an appliance that is not there as well.
pub fn load(app: &App, now: Timestamp) -> Result<(), Fault> {
    if app.config.acme.directory.is_some() {
        return acme::load(app);
    }
    let Some((chain, key)) = files(app) else { return Ok(()) };
    let wrong = |why: String| Fault::new(FaultKind::Settings, why);
    let read = Pair::read(chain, key).map_err(wrong)?;
    app.certificates.saw(read.digest);
    let certificate = read.certificate().map_err(wrong)?;
    if !certificate.holds_at(now) {
        let text = format!(
            "the certificate in {} holds from {} to {}: clients will refuse it",
            chain.display(),
            certificate.valid_from,
            certificate.valid_until
        );
        tracing::error!("{text}");
    }
    if !certificate.names(app.issuer.host()) {
        tracing::warn!(
            "the certificate in {} is not made out to {}: whoever goes to the public URL will refuse it, unless a proxy in between \
             does not mind",
            chain.display(),
            app.issuer.host()
        );
    }
    tracing::info!(until = %certificate.valid_until, "speaking TLS with the certificate in {}", chain.display());
    app.certificates.show(Arc::new(certificate));
    Ok(())
}

/// Looks at once, whatever was waited for: somebody has mended something.
pub async fn look_at_once(app: &App, ctx: &Context) -> Result<(), Fault> {
    app.certificates.forgive();
    look(app, ctx).await
}

/// Looks whether the files are others than before, or whether it is time to get another one. Safe to run at any time and as often as one
/// likes. An authority takes its time, so nobody should wait for this.
pub async fn look(app: &App, ctx: &Context) -> Result<(), Fault> {
    let looked = look_for_another(app, ctx).await;
    if let Some(until) = app.certificates.runs_out(ctx.at) {
        let trouble =
            app.certificates.state().trouble.unwrap_or_else(|| "nobody has put another in its place".to_owned());
        tracing::error!(%until, "the certificate that is shown runs out: {trouble}");
    }
    looked
}

async fn look_for_another(app: &App, ctx: &Context) -> Result<(), Fault> {
    if let Some(directory) = &app.config.acme.directory {
        return acme::renew(app, ctx, directory.as_str()).await;
    }
    let Some((chain, key)) = files(app) else { return Ok(()) };
    let read = match Pair::read(chain, key) {
        Ok(read) if app.certificates.saw(read.digest) && app.certificates.state().trouble.is_none() => return Ok(()),
        Ok(read) => read,
        Err(why) => {
            refuse(app, &why);
            return Ok(());
        }
    };
    let better = read.certificate().and_then(|new| replaces(app, &new, ctx.at).map(|()| new));
    match better {
        Ok(certificate) => show(app, ctx, Arc::new(certificate)).await,
        Err(why) => {
            refuse(app, &why);
            Ok(())
        }
    }
}

/// Writes down that another one is shown from now on, and shows it. If that cannot be written, what was shown before still is, and whoever
/// looks again tries again.
pub(super) async fn show(app: &App, ctx: &Context, certificate: Arc<Certificate>) -> Result<(), Fault> {
    let before = app.certificates.shown();
    if before.as_ref().is_some_and(|before| before.digest == certificate.digest) {
        app.certificates.trouble(None);
        return Ok(());
    }
    let event = Event::CertificateReplaced {
        before: before.map(|before| before.digest.text()),
        after: certificate.digest.text(),
        until: certificate.valid_until,
    };
    if let Err(fault) = app.store.write("replace certificate", ctx, move |tx| tx.record(event.clone())).await {
        app.certificates.trouble(Some(format!("the new certificate cannot be recorded: {fault}")));
        return Err(fault);
    }
    tracing::info!(until = %certificate.valid_until, "whoever connects from now on is shown the new certificate");
    app.certificates.show(certificate);
    Ok(())
}

/// Whether `new` is worth showing in the place of what is shown. The words end the sentence for the log.
pub(super) fn replaces(app: &App, new: &Certificate, now: Timestamp) -> Result<(), String> {
    let shown = app.certificates.shown();
    let serves = |certificate: &Certificate| certificate.holds_at(now);
    let named = |certificate: &Certificate| certificate.names(app.issuer.host());
    if !serves(new) {
        return Err(format!("the new certificate holds from {} to {}, and not now", new.valid_from, new.valid_until));
    }
    if !named(new) && shown.as_deref().is_none_or(named) {
        return Err(format!("the new certificate is not made out to {}", app.issuer.host()));
    }
    Ok(())
}

/// Says so, once.
pub(super) fn refuse(app: &App, why: &str) {
    let state = app.certificates.state();
    if state.trouble.as_deref() != Some(why) {
        let until = state.valid_until.map_or_else(|| "never".to_owned(), |until| until.to_string());
        tracing::error!(until, "{why}. Whatever certificate was shown before still is");
        app.certificates.trouble(Some(why.to_owned()));
    }
}

fn files(app: &App) -> Option<(&Path, &Path)> {
    app.config.tls.certificate.as_deref().zip(app.config.tls.key.as_deref())
}

/// Two files as they are at one moment.
struct Pair {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    digest: Digest,
    /// How whoever made the settings knows it.
    place: String,
}

impl Pair {
    fn read(chain: &Path, key: &Path) -> Result<Self, String> {
        let (chain_bytes, _) = read("tls.certificate", chain)?;
        let (key_bytes, mode) = read("tls.key", key)?;
        // Of the key's group, some may: programs that look after certificates hand keys on that way.
        if mode & 0o007 != 0 {
            return Err(format!(
                "tls.key: {key} can be read by every user of this machine (mode {mode:03o}). If it may have been read, get another \
                 certificate; then run: chmod o= {key}",
                key = key.display(),
                mode = mode & 0o777,
            ));
        }
        let digest = Digest::of_all(&[&chain_bytes, &key_bytes]);
        Ok(Self { chain: chain_bytes.to_vec(), key: key_bytes, digest, place: chain.display().to_string() })
    }

    fn certificate(&self) -> Result<Certificate, String> {
        Certificate::read(&self.chain, &self.key).map_err(|why| format!("the certificate in {} {why}", self.place))
    }
}

/// The bytes of a file, and its mode.
fn read(setting: &str, path: &Path) -> Result<(Zeroizing<Vec<u8>>, u32), String> {
    use std::os::unix::fs::MetadataExt as _;
    let problem = |why: String| format!("{setting}: {} {why}", path.display());
    let unreadable = |error: std::io::Error| problem(format!("cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(problem(format!("is larger than {LARGEST_FILE} bytes")));
    }
    Ok((bytes, mode))
}
