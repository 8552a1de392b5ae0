//! Every page in every state.

use askama::Template;

use super::console::{
    ApplicationFormPage, ApplicationPage, ApplicationsPage, AuditEntryPage, AuditLivePage, AuditPage,
    ConsoleProblemPage, CredentialPage, DelegationFormPage, DelegationsPage, GrantsPage, KeyPage, KeysPage, LimitsPage,
    MachineFormPage, MachinePage, MachinesPage, OverviewPage, PasswordPage, PeoplePage, PersonFormPage, PersonPage,
    ProviderFormPage, ProviderPage, ProvidersPage, RefusalPage, RefusalsPage, RegistrationTokenPage,
    RegistrationTokensPage, ResourceCheckPage, ResourceFormPage, ResourcePage, ResourceToolsPage, ResourcesPage,
    RoleFormPage, RolePage, RolesPage, ScopeFormPage, ScopePage, ScopesPage, SearchPage, SecretPage, SettingPage,
    SettingsPage, StaleApplicationsPage, TrialPage,
};
use super::{
    AccountPage, ActivityPage, ApiPage, CodePage, ConsentPage, DelegationPage, ErrorPage, FactorPage, HomePage,
    LeavePage, OwnPasswordPage, OwnProvidersPage, PasskeysPage, ReturnPage, Sample, SetUpPage, SetupClosedPage,
    SetupPage, SignInPage, SignedOutPage, Spoken,
};
use crate::model::Language;

/// One state of one page, as it is sent.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The template, below `templates/`.
    pub template: &'static str,
    pub sample: &'static str,
    pub language: Language,
    pub html: String,
}

/// Renders everything. A page that is not in this list fails the test that compares it with `templates/`.
pub fn shown() -> askama::Result<Vec<Shown>> {
    let mut all = vec![];
    speak::<HomePage>(&mut all, "pages/home.html")?;
    speak::<SetupPage>(&mut all, "pages/setup.html")?;
    speak::<SetupClosedPage>(&mut all, "pages/setup_closed.html")?;
    speak::<SignInPage>(&mut all, "pages/sign_in.html")?;
    speak::<SignedOutPage>(&mut all, "pages/signed_out.html")?;
    speak::<CodePage>(&mut all, "pages/code.html")?;
    speak::<SetUpPage>(&mut all, "pages/set_up.html")?;
    speak::<ConsentPage>(&mut all, "pages/consent.html")?;
    speak::<ReturnPage>(&mut all, "pages/return.html")?;
    speak::<AccountPage>(&mut all, "pages/account.html")?;
    speak::<OwnPasswordPage>(&mut all, "pages/own_password.html")?;
    speak::<OwnProvidersPage>(&mut all, "pages/own_providers.html")?;
    speak::<LeavePage>(&mut all, "pages/leave.html")?;
    speak::<FactorPage>(&mut all, "pages/factor.html")?;
    speak::<PasskeysPage>(&mut all, "pages/passkeys.html")?;
    speak::<ActivityPage>(&mut all, "pages/activity.html")?;
    speak::<DelegationPage>(&mut all, "pages/delegation.html")?;
    show::<ApiPage>(&mut all, "pages/api.html")?;
    speak::<ErrorPage>(&mut all, "pages/error.html")?;
    show::<OverviewPage>(&mut all, "console/overview.html")?;
    speak::<SearchPage>(&mut all, "console/search.html")?;
    show::<ApplicationsPage>(&mut all, "console/applications.html")?;
    show::<ApplicationPage>(&mut all, "console/application.html")?;
    show::<ResourceToolsPage>(&mut all, "console/resource_tools.html")?;
    show::<GrantsPage>(&mut all, "console/grants.html")?;
    show::<DelegationsPage>(&mut all, "console/delegations.html")?;
    show::<StaleApplicationsPage>(&mut all, "console/applications_stale.html")?;
    show::<ApplicationFormPage>(&mut all, "console/application_form.html")?;
    show::<ResourcesPage>(&mut all, "console/resources.html")?;
    show::<ResourcePage>(&mut all, "console/resource.html")?;
    show::<ResourceFormPage>(&mut all, "console/resource_form.html")?;
    show::<ResourceCheckPage>(&mut all, "console/resource_check.html")?;
    show::<ScopesPage>(&mut all, "console/scopes.html")?;
    show::<ScopePage>(&mut all, "console/scope.html")?;
    show::<ScopeFormPage>(&mut all, "console/scope_form.html")?;
    show::<PeoplePage>(&mut all, "console/people.html")?;
    show::<PersonFormPage>(&mut all, "console/person_form.html")?;
    show::<PersonPage>(&mut all, "console/person.html")?;
    show::<PasswordPage>(&mut all, "console/password.html")?;
    show::<RolesPage>(&mut all, "console/roles.html")?;
    show::<RoleFormPage>(&mut all, "console/role_form.html")?;
    show::<RolePage>(&mut all, "console/role.html")?;
    show::<SettingsPage>(&mut all, "console/settings.html")?;
    show::<SettingPage>(&mut all, "console/setting.html")?;
    show::<RegistrationTokensPage>(&mut all, "console/registration_tokens.html")?;
    show::<RegistrationTokenPage>(&mut all, "console/registration_token.html")?;
    show::<ProvidersPage>(&mut all, "console/providers.html")?;
    show::<ProviderPage>(&mut all, "console/provider.html")?;
    show::<ProviderFormPage>(&mut all, "console/provider_form.html")?;
    show::<LimitsPage>(&mut all, "console/limits.html")?;
    show::<KeysPage>(&mut all, "console/keys.html")?;
    show::<KeyPage>(&mut all, "console/key.html")?;
    show::<AuditPage>(&mut all, "console/audit.html")?;
    show::<AuditLivePage>(&mut all, "console/audit_live.html")?;
    show::<AuditEntryPage>(&mut all, "console/audit_entry.html")?;
    show::<RefusalsPage>(&mut all, "console/refusals.html")?;
    speak::<ConsoleProblemPage>(&mut all, "console/problem.html")?;
    show::<RefusalPage>(&mut all, "console/refusal.html")?;
    show::<MachinesPage>(&mut all, "console/machines.html")?;
    show::<MachinePage>(&mut all, "console/machine.html")?;
    show::<MachineFormPage>(&mut all, "console/machine_form.html")?;
    show::<CredentialPage>(&mut all, "console/credential_form.html")?;
    show::<DelegationFormPage>(&mut all, "console/delegation_form.html")?;
    show::<SecretPage>(&mut all, "console/secret.html")?;
    show::<TrialPage>(&mut all, "console/trial.html")?;
    Ok(all)
}

fn show<P: Sample + Template>(all: &mut Vec<Shown>, template: &'static str) -> askama::Result<()> {
    for (sample, page) in P::samples() {
        all.push(Shown { template, sample, language: Language::default(), html: page.render()? });
    }
    Ok(())
}

fn speak<P: Spoken + Template>(all: &mut Vec<Shown>, template: &'static str) -> askama::Result<()> {
    for language in Language::ALL {
        for (sample, page) in P::samples_in(language) {
            all.push(Shown { template, sample, language, html: page.render()? });
        }
    }
    Ok(())
}
