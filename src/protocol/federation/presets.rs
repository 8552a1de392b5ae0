//! The issuers people have: what each calls its workloads, which of it is for ever and which is only a name.

use crate::model::Trust;

/// A kind of issuer.
#[derive(Debug)]
pub struct Preset {
    /// What a trust and the command line call it.
    pub name: &'static str,
    pub title: &'static str,
    /// Its only issuer, or the one most have.
    pub issuer: Option<&'static str>,
    /// What a trust must say exactly: ids that are given once and to nobody else ever after.
    pub pinned: &'static [Explained],
    /// What a trust may say besides, to be narrower.
    pub offered: &'static [Explained],
    pub(super) guard: Option<Guard>,
    /// Whether this issuer is one of its kind that many strangers share.
    pub(super) shared: fn(&str) -> bool,
}

/// A claim, and what it means.
#[derive(Debug)]
pub struct Explained {
    pub claim: &'static str,
    pub words: &'static str,
}

/// What is refused unless a rule of the trust is about this claim.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) claim: &'static str,
    pub(super) refused: &'static [&'static str],
    pub(super) words: &'static str,
}

const fn says(claim: &'static str, words: &'static str) -> Explained {
    Explained { claim, words }
}

impl Preset {
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The one of this name; of a name that none has, which there are.
    pub fn known(name: &str) -> Result<&'static Self, String> {
        let all = || PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        Self::named(name).ok_or_else(|| format!("there is no preset {name}; there are {}", all()))
    }

    /// What a claim means with this issuer.
    pub fn words(&self, claim: &str) -> Option<&'static str> {
        self.pinned.iter().chain(self.offered).find(|known| known.claim == claim).map(|known| known.words)
    }

    /// What it refuses for this trust.
    pub(super) fn guarded(&'static self, trust: &Trust) -> Option<&'static Guard> {
        self.guard.as_ref().filter(|guard| trust.rules.iter().all(|rule| rule.claim != guard.claim))
    }
}

/// Every preset, as `--preset` takes them.
pub static PRESETS: [Preset; 9] = [
    Preset {
        name: "github",
        title: "GitHub Actions",
        issuer: Some("https://token.actions.githubusercontent.com"),
        pinned: &[
            says(
                "repository_id",
                "GitHub's number of the repository. It stays through a rename, and nobody gets it again.",
            ),
            says("repository_owner_id", "GitHub's number of the user or organization that the repository belongs to."),
        ],
        offered: &[
            says("ref", "The branch or tag, such as refs/heads/main. Pull requests run on refs/pull/…"),
            says("environment", "The environment of the job; its protection rules hold before the job has a token."),
            says(
                "job_workflow_ref",
                "The file the job is in, with the ref it was taken from: owner/name/.github/workflows/file@ref.",
            ),
            says("workflow_ref", "The workflow's file, with the ref it was taken from."),
            says("event_name", "What started the run, such as push or workflow_dispatch."),
            says("ref_protected", "Whether the branch is protected."),
            says("runner_environment", "github-hosted or self-hosted."),
            says("repository", "A name. Names are given to somebody else after a rename; the numbers are what counts."),
            says(
                "repository_owner",
                "A name. Names are given to somebody else after a rename; the numbers are what counts.",
            ),
            says(
                "sub",
                "Repository, ref and environment in one text, by name, in a form that each repository may change.",
            ),
        ],
        guard: Some(Guard {
            claim: "event_name",
            refused: &["pull_request", "pull_request_target"],
            words: "A pull request runs what somebody proposes. A rule on event_name lets it in.",
        }),
        // An enterprise may have an issuer below the common one.
        shared: |issuer| is_at(issuer, "https://token.actions.githubusercontent.com"),
    },
    Preset {
        name: "gitlab",
        title: "GitLab CI",
        issuer: Some("https://gitlab.com"),
        pinned: &[
            says(
                "project_id",
                "GitLab's number of the project whose code runs; for a merge request from a fork, the fork's.",
            ),
            says("namespace_id", "GitLab's number of the group or user that the project belongs to."),
        ],
        offered: &[
            says("ref", "The branch or tag, without refs/heads."),
            says("ref_type", "branch or tag."),
            says("ref_protected", "Whether the branch or tag is protected: true or false."),
            says("environment", "The environment the job deploys to."),
            says("environment_protected", "Whether that environment is protected."),
            says("pipeline_source", "What started the pipeline, such as push or web."),
            says("ci_config_ref_uri", "The pipeline's file, with the ref it was taken from."),
            says("runner_environment", "gitlab-hosted or self-hosted."),
            says(
                "project_path",
                "A name. Names are given to somebody else after a rename; the numbers are what counts.",
            ),
            says(
                "namespace_path",
                "A name. Names are given to somebody else after a rename; the numbers are what counts.",
            ),
            says("sub", "Project, ref type and ref in one text, by name."),
        ],
        guard: Some(Guard {
            claim: "pipeline_source",
            refused: &["merge_request_event", "external_pull_request_event"],
            words: "A merge request runs what somebody proposes. A rule on pipeline_source lets it in.",
        }),
        shared: |issuer| is_at(issuer, "https://gitlab.com"),
    },
    Preset {
        name: "kubernetes",
        title: "Kubernetes service accounts",
        issuer: None,
        pinned: &[
            says("sub", "The service account: system:serviceaccount:NAMESPACE:NAME."),
            says(
                "kubernetes.io.serviceaccount.uid",
                "The service account's uid. One that is deleted and made again under its name has another.",
            ),
        ],
        offered: &[
            says("kubernetes.io.namespace", "The namespace."),
            says("kubernetes.io.serviceaccount.name", "The service account's name."),
            says("kubernetes.io.pod.name", "The pod that the token was made for."),
            says("kubernetes.io.node.name", "The node that the pod runs on."),
        ],
        guard: None,
        shared: |_| false,
    },
    Preset {
        name: "fly",
        title: "fly.io Machines",
        issuer: None,
        pinned: &[
            says("app_id", "fly.io's number of the app."),
            says("org_id", "fly.io's number of the organization."),
        ],
        offered: &[
            says("machine_id", "One Machine of the app."),
            says("region", "Where it runs."),
            says("image_digest", "The image it runs, by its digest."),
            says("app_name", "A name. Names may be given to somebody else; the numbers are what counts."),
            says("org_name", "A name. Names may be given to somebody else; the numbers are what counts."),
            says("sub", "Organization, app and Machine in one text, by name."),
        ],
        guard: None,
        shared: |issuer| is_at(issuer, "https://oidc.fly.io"),
    },
    Preset {
        name: "spiffe",
        title: "SPIFFE JWT-SVID",
        issuer: None,
        pinned: &[says("sub", "The SPIFFE id of the workload: spiffe://TRUST-DOMAIN/PATH, the whole of it.")],
        offered: &[],
        guard: None,
        shared: |_| false,
    },
    Preset {
        name: "buildkite",
        title: "Buildkite",
        issuer: Some("https://agent.buildkite.com"),
        pinned: &[
            says("pipeline_id", "Buildkite's id of the pipeline."),
            says("organization_id", "Buildkite's id of the organization."),
        ],
        offered: &[says("build_branch", "The branch that is built."), says("step_key", "The step of the pipeline.")],
        guard: None,
        shared: |issuer| is_at(issuer, "https://agent.buildkite.com"),
    },
    Preset {
        name: "terraform",
        title: "HCP Terraform",
        issuer: Some("https://app.terraform.io"),
        pinned: &[
            says("terraform_workspace_id", "HCP Terraform's id of the workspace."),
            says("terraform_organization_id", "HCP Terraform's id of the organization."),
        ],
        offered: &[says("terraform_run_phase", "plan or apply.")],
        guard: None,
        shared: |issuer| is_at(issuer, "https://app.terraform.io"),
    },
    Preset {
        name: "google",
        title: "Google Cloud service accounts",
        issuer: Some("https://accounts.google.com"),
        pinned: &[says("sub", "The service account's unique number. Its address may be given to another.")],
        offered: &[says("email", "The service account's address."), says("azp", "To whom the token was given.")],
        guard: None,
        shared: |issuer| is_at(issuer, "https://accounts.google.com"),
    },
    Preset {
        name: "generic",
        title: "Any other OpenID issuer",
        issuer: None,
        pinned: &[],
        offered: &[],
        guard: None,
        shared: |_| false,
    },
];

/// Whether an issuer is this one, or one below it.
fn is_at(issuer: &str, host: &str) -> bool {
    issuer.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
