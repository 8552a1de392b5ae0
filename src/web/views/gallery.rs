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
    speak::<OverviewPage>(&mut all, "console/overview.html")?;
    speak::<SearchPage>(&mut all, "console/search.html")?;
    speak::<ApplicationsPage>(&mut all, "console/applications.html")?;
    speak::<ApplicationPage>(&mut all, "console/application.html")?;
    speak::<ResourceToolsPage>(&mut all, "console/resource_tools.html")?;
    speak::<GrantsPage>(&mut all, "console/grants.html")?;
    speak::<DelegationsPage>(&mut all, "console/delegations.html")?;
    speak::<StaleApplicationsPage>(&mut all, "console/applications_stale.html")?;
    speak::<ApplicationFormPage>(&mut all, "console/application_form.html")?;
    speak::<ResourcesPage>(&mut all, "console/resources.html")?;
    speak::<ResourcePage>(&mut all, "console/resource.html")?;
    speak::<ResourceFormPage>(&mut all, "console/resource_form.html")?;
    speak::<ResourceCheckPage>(&mut all, "console/resource_check.html")?;
    speak::<ScopesPage>(&mut all, "console/scopes.html")?;
    speak::<ScopePage>(&mut all, "console/scope.html")?;
    speak::<ScopeFormPage>(&mut all, "console/scope_form.html")?;
    speak::<PeoplePage>(&mut all, "console/people.html")?;
    speak::<PersonFormPage>(&mut all, "console/person_form.html")?;
    speak::<PersonPage>(&mut all, "console/person.html")?;
    speak::<PasswordPage>(&mut all, "console/password.html")?;
    speak::<RolesPage>(&mut all, "console/roles.html")?;
    speak::<RoleFormPage>(&mut all, "console/role_form.html")?;
    speak::<RolePage>(&mut all, "console/role.html")?;
    speak::<SettingsPage>(&mut all, "console/settings.html")?;
    speak::<SettingPage>(&mut all, "console/setting.html")?;
    speak::<RegistrationTokensPage>(&mut all, "console/registration_tokens.html")?;
    speak::<RegistrationTokenPage>(&mut all, "console/registration_token.html")?;
    speak::<ProvidersPage>(&mut all, "console/providers.html")?;
    speak::<ProviderPage>(&mut all, "console/provider.html")?;
    speak::<ProviderFormPage>(&mut all, "console/provider_form.html")?;
    speak::<LimitsPage>(&mut all, "console/limits.html")?;
    speak::<KeysPage>(&mut all, "console/keys.html")?;
    speak::<KeyPage>(&mut all, "console/key.html")?;
    speak::<AuditPage>(&mut all, "console/audit.html")?;
    speak::<AuditLivePage>(&mut all, "console/audit_live.html")?;
    speak::<AuditEntryPage>(&mut all, "console/audit_entry.html")?;
    speak::<RefusalsPage>(&mut all, "console/refusals.html")?;
    speak::<ConsoleProblemPage>(&mut all, "console/problem.html")?;
    speak::<RefusalPage>(&mut all, "console/refusal.html")?;
    speak::<MachinesPage>(&mut all, "console/machines.html")?;
    speak::<MachinePage>(&mut all, "console/machine.html")?;
    speak::<MachineFormPage>(&mut all, "console/machine_form.html")?;
    speak::<CredentialPage>(&mut all, "console/credential_form.html")?;
    speak::<DelegationFormPage>(&mut all, "console/delegation_form.html")?;
    speak::<SecretPage>(&mut all, "console/secret.html")?;
    speak::<TrialPage>(&mut all, "console/trial.html")?;
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
