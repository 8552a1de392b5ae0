//! What the console says, by room.

mod applications;
mod audit;
mod credentials;
mod delegations;
mod frame;
mod keys;
mod limits;
mod machine;
mod machines;
mod overview;
mod people;
mod providers;
mod refusals;
mod registration_tokens;
mod resources;
mod roles;
mod scopes;
mod settings;
mod snippets;
mod told;
mod tools;

pub(crate) use applications::*;
pub(crate) use audit::*;
pub(crate) use credentials::*;
pub(crate) use delegations::*;
pub(crate) use frame::*;
pub(crate) use keys::*;
pub(crate) use limits::*;
pub(crate) use machine::*;
pub(crate) use machines::*;
pub(crate) use overview::*;
pub(crate) use people::*;
pub(crate) use providers::*;
pub(crate) use refusals::*;
pub(crate) use registration_tokens::*;
pub(crate) use resources::*;
pub(crate) use roles::*;
pub(crate) use scopes::*;
pub(crate) use settings::*;
pub(crate) use snippets::*;
pub(crate) use told::*;
pub(crate) use tools::*;

pub(crate) struct ConsoleWords {
    pub(crate) actors: ActorWords,
    pub(crate) application: ApplicationWords,
    pub(crate) application_form: ApplicationFormWords,
    pub(crate) applications: ApplicationsWords,
    pub(crate) applications_stale: StaleApplicationsWords,
    pub(crate) audit: AuditWords,
    pub(crate) charts: ChartWords,
    pub(crate) credential_form: CredentialFormWords,
    pub(crate) delegation_form: DelegationFormWords,
    pub(crate) delegations: DelegationsWords,
    pub(crate) frame: ConsoleFrameWords,
    pub(crate) grants: GrantsWords,
    pub(crate) keys: KeysWords,
    pub(crate) left: LeftWords,
    pub(crate) limits: LimitsWords,
    pub(crate) machine: MachineWords,
    pub(crate) machine_form: MachineFormWords,
    pub(crate) machine_labels: MachineLabels,
    pub(crate) machines: MachinesWords,
    pub(crate) overview: OverviewWords,
    pub(crate) people: PeopleWords,
    pub(crate) person: PersonWords,
    pub(crate) problem: ConsoleProblemWords,
    pub(crate) providers: ProvidersWords,
    pub(crate) refusals: RefusalsWords,
    pub(crate) registration_token: RegistrationTokenWords,
    pub(crate) registration_tokens: RegistrationTokensWords,
    pub(crate) resource: ResourceWords,
    pub(crate) resource_check: ResourceCheckWords,
    pub(crate) resource_form: ResourceFormWords,
    pub(crate) resources: ResourcesWords,
    pub(crate) role: RoleWords,
    pub(crate) role_form: RoleFormWords,
    pub(crate) roles: RolesWords,
    pub(crate) scope: ScopeWords,
    pub(crate) scope_form: ScopeFormWords,
    pub(crate) scopes: ScopesWords,
    pub(crate) search: SearchWords,
    pub(crate) secret: SecretWords,
    pub(crate) setting: SettingWords,
    pub(crate) settings: SettingsWords,
    pub(crate) snippets: SnippetsWords,
    pub(crate) thing: ThingWords,
    pub(crate) told: ToldWords,
    pub(crate) tools: ToolsWords,
    pub(crate) trial: TrialWords,
}
