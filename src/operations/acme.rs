//! The certificate that an authority gives (RFC 8555): had at the first start, kept, and renewed long before it is over. Nothing that goes wrong
//! on the way takes away what is shown.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::certificates::{refuse, replaces, show};
use crate::app::{App, Given};
use crate::base::{Fault, FaultKind, Secret, files};
use crate::keys::Certificate;
use crate::model::Context;
use crate::outbound::{AcmeError, NewApplicant};

/// `acme.json`: for its owner alone.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    /// Whose account it is.
    directory: String,
    /// The account with its key, as the library writes it.
    account: Option<String>,
    /// The certificate and what leads to its root, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    /// Its private key, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// Larger is something else.
const LARGEST_FILE: u64 = 512 * 1_024;

/// Shows the certificate that was kept, if there is one. One that is over is shown until there is another.
pub(super) fn load(app: &App) -> Result<(), Fault> {
    let kept = read(app)?;
    match kept.certificate() {
        Some(Ok(certificate)) => {
            tracing::info!(until = %certificate.valid_until, "speaking TLS with the certificate that was kept");
            app.certificates.show(Arc::new(certificate));
        }
        Some(Err(why)) => tracing::error!("{why}; another one is asked for"),
        None => tracing::warn!("there is no certificate yet: until the authority has given one, nobody can connect"),
    }
    Ok(())
}

/// Gets a certificate if it is time to. Safe to run at any time and as often as one likes.
pub(super) async fn renew(app: &App, ctx: &Context, directory: &str) -> Result<(), Fault> {
    let Some(_turn) = app.certificates.turn() else { return Ok(()) };
    let had = app.certificates.given().clone();
    if had.is_none() && !app.certificates.is_due(ctx.at) {
        return Ok(());
    }
    let given = match had {
        Some(given) => Ok(given),
        None => order(app, directory).await.map_err(|failure| failure.to_string()),
    };
    app.certificates.prove_no_more();
    // The authority took its time.
    let ctx = Context { at: app.clock.now(), ..ctx.clone() };
    match given.and_then(|given| replaces(app, &given.certificate, ctx.at).map(|()| given)) {
        Ok(given) => {
            *app.certificates.given() = Some(given.clone());
            take(app, &ctx, &given).await
        }
        Err(why) => {
            *app.certificates.given() = None;
            let next = app.certificates.failed(ctx.at);
            refuse(app, &why);
            tracing::warn!(%next, "the certificate authority is asked again then, or at once after SIGHUP");
            Ok(())
        }
    }
}

/// Keeps, records and shows what was found good, and not before: what is kept is shown after a restart without being judged again. One that
/// cannot be kept is no worse for those who connect. What fails is tried again in each round.
async fn take(app: &App, ctx: &Context, given: &Given) -> Result<(), Fault> {
    let kept = write(app, &given.file);
    if app.certificates.state().digest != Some(given.certificate.digest) {
        show(app, ctx, Arc::clone(&given.certificate)).await?;
    }
    let Err(fault) = kept else {
        *app.certificates.given() = None;
        app.certificates.trouble(None);
        return Ok(());
    };
    let why =
        format!("the certificate that is shown cannot be kept, and after a restart another one is asked for: {fault}");
    if app.certificates.state().trouble.as_deref() != Some(&why) {
        tracing::error!("{why}. It is tried again in each round");
        app.certificates.trouble(Some(why));
    }
    Ok(())
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Failure {
    Authority(#[from] AcmeError),
    Ours(#[from] Fault),
}

async fn order(app: &App, directory: &str) -> Result<Given, Failure> {
    let settings = &app.config.acme;
    let mut kept = read(app)?;
    if kept.directory != directory {
        // What another authority gave stays until there is something in its place.
        (kept.directory, kept.account) = (directory.to_owned(), None);
    }
    let authority = app.outbound.authority(directory);
    let new = NewApplicant {
        contact: settings.contact.as_ref().map(|contact| contact.as_str()),
        external: settings.key_id.as_deref().zip(settings.hmac_key.as_ref()),
    };
    let account = kept.account.as_deref().map(Secret::new);
    let (applicant, account) = authority.applicant(account.as_ref(), new).await?;
    if kept.account.is_none() {
        // Before anything is ordered: authorities count the accounts that one makes.
        kept.account = Some(account.expose().to_owned());
        write(app, &kept.text()?)?;
    }
    let name = app.issuer.host();
    let prove = |proof: &crate::outbound::Proof| {
        let certificate = Certificate::proof(name, &proof.digest)?;
        app.certificates.prove(name, certificate, &proof.token, &proof.answer);
        Ok(())
    };
    tracing::info!(directory, host = name, "asking the certificate authority for a certificate");
    let issued = applicant.order(name, settings.challenge, prove).await?;
    let unclear = |why| AcmeError::Unclear(format!("the certificate that it gave {why}"));
    let certificate = Certificate::read(issued.chain.as_bytes(), issued.key.expose().as_bytes()).map_err(unclear)?;
    (kept.chain, kept.key) = (Some(issued.chain), Some(issued.key.expose().to_owned()));
    Ok(Given { certificate: Arc::new(certificate), file: kept.text()? })
}

impl Kept {
    fn text(&self) -> Result<Secret, Fault> {
        let text = serde_json::to_string(self);
        text.map(Secret::new).map_err(|e| Fault::because(FaultKind::Bug, "an account has no JSON", e))
    }

    fn certificate(&self) -> Option<Result<Certificate, String>> {
        let (chain, key) = self.chain.as_deref().zip(self.key.as_deref())?;
        Some(Certificate::read(chain.as_bytes(), key.as_bytes()).map_err(|why| format!("the kept certificate {why}")))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.account.zeroize();
        self.key.zeroize();
    }
}

/// What was kept. Nothing is no fault; a file that is none of ours is, and so is one that others can read.
fn read(app: &App) -> Result<Kept, Fault> {
    use std::os::unix::fs::MetadataExt as _;
    let Some(path) = &app.acme_file else { return Ok(Kept::default()) };
    let unreadable = |e| Fault::because(FaultKind::Settings, format!("{} cannot be read", path.display()), e);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Kept::default()),
        Err(error) => return Err(unreadable(error)),
    };
    let mode = file.metadata().map_err(unreadable)?.mode();
    if mode & 0o077 != 0 {
        let text = format!(
            "{path} can be read by other users of this machine (mode {mode:03o}), and has private keys in it. If it may have been read, \
             remove it, and Writ gets others; otherwise run: chmod 600 {path}",
            path = path.display(),
            mode = mode & 0o777,
        );
        return Err(Fault::new(FaultKind::Settings, text));
    }
    let mut text = Zeroizing::new(Vec::new());
    file.take(LARGEST_FILE).read_to_end(&mut text).map_err(unreadable)?;
    let foreign = |_| {
        let text =
            format!("{} was not written by Writ. Move it away, and Writ gets another certificate", path.display());
        Fault::new(FaultKind::Settings, text)
    };
    serde_json::from_slice(&text).map_err(foreign)
}

/// There is always a whole one.
fn write(app: &App, text: &Secret) -> Result<(), Fault> {
    let Some(path) = &app.acme_file else { return Ok(()) };
    let fault = |e| Fault::because(FaultKind::Storage, format!("{} cannot be written", path.display()), e);
    files::replace(path, &path.with_extension("json.new"), text.expose().as_bytes()).map_err(fault)
}
