//! The certificate that TLS shows, if Writ itself speaks TLS.

use super::Patient;
use super::finding::Finding;
use crate::app::{CertificateState, SOON};
use crate::base::Timestamp;

pub(super) fn shown(patient: &Patient<'_>) -> Vec<Finding> {
    // A stopped one shows nothing to anybody.
    if !patient.app.config.speaks_tls() || !patient.is_serving {
        return Vec::new();
    }
    vec![judge(&patient.app.certificates.state(), patient.now)]
}

fn judge(state: &CertificateState, now: Timestamp) -> Finding {
    const CHECK: &str = "certificate";
    const MEND: &str = "put a certificate that holds where tls.certificate says, or look at what the certificate authority is asked \
                        (acme.directory); then send SIGHUP";
    let why = state.trouble.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    match state.valid_until {
        None => Finding::broken(CHECK, format!("there is no certificate, and nobody can connect{why}"), MEND),
        Some(until) if until <= now => {
            Finding::broken(CHECK, format!("the certificate held until {until}, and clients refuse it{why}"), MEND)
        }
        Some(until) if until <= now.plus(SOON) => {
            Finding::look(CHECK, format!("the certificate holds until {until} and no longer{why}"), MEND)
        }
        Some(until) if state.trouble.is_some() => {
            Finding::look(CHECK, format!("the certificate holds until {until}, and all is not well with it{why}"), MEND)
        }
        Some(until) => Finding::ok(CHECK, format!("the certificate holds until {until}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use crate::base::Lifetime;

    #[test]
    fn a_certificate_is_judged_by_its_time_and_by_what_became_of_the_next() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let judged = |days: Option<u64>, trouble: Option<&str>| {
            let valid_until = days.map(|days| now.plus(Lifetime::from_days(days)));
            judge(&CertificateState { valid_until, digest: None, trouble: trouble.map(str::to_owned) }, now)
        };
        assert_eq!(judged(Some(30), None).state, State::Ok);
        assert_eq!(judged(Some(10), None).state, State::Look);
        assert_eq!(judged(Some(0), None).state, State::Broken);
        assert_eq!(judged(None, None).state, State::Broken);
        let told = judged(Some(30), Some("the authority is away"));
        assert!(told.state == State::Look && told.found.ends_with(": the authority is away"), "{told:?}");
    }
}
