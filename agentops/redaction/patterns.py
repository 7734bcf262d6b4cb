"""Secrets that are recognised by their own shape, whatever stands around them.

A table: kind, the words of which one must occur before the pattern is tried at all (plain substring search, which is
what makes the whole thing fast), and the pattern. The issuers publish these shapes so that scanners can find them.
Group 1, where there is one, is what stays in front of the marker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_EDGE = r"(?<![A-Za-z0-9_])"
_END = r"(?![A-Za-z0-9_])"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPattern:
    """One shape: ``words`` are case-sensitive and any of them suffices. ``pattern`` is compiled when first needed."""

    kind: str
    words: tuple[str, ...]
    pattern: str

    def hide(self, text: str) -> str:
        """Return ``text`` with every match replaced by the marker."""
        if not any(word in text for word in self.words):
            return text
        pattern = _compiled(self.pattern)
        return pattern.sub((r"\g<1>" if pattern.groups else "") + f"[redacted:{self.kind}]", text)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


# kind, words (comma-separated), pattern between word edges
_TABLE = (
    ("aws-access-key-id", "AKIA,ASIA,ABIA,ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    ("github-token", "ghp_,gho_,ghu_,ghs_,ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    ("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{40,255}"),
    ("gitlab-token", "gl", r"gl(?:pat|dt|rt|ptt|cbt|ft|soat|imt|agent|oas|ffct)-[A-Za-z0-9_.=-]{20,300}"),
    ("gitlab-token", "GR1348941", r"GR1348941[A-Za-z0-9_-]{20,}"),
    ("slack-token", "xox,xapp-", r"(?:xox[abeoprs]|xapp|xoxe\.xox[bp])-[A-Za-z0-9-]{10,300}"),
    ("slack-webhook", "hooks.slack.com", r"(https?://hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,}"),
    ("stripe-key", "k_live_,k_test_,k_prod_", r"[srp]k_(?:live|test|prod)_[A-Za-z0-9]{10,247}"),
    ("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("google-api-key", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    ("google-oauth", "ya29.,GOCSPX-", r"(?:ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})"),
    ("google-oauth", "1//0", r"1//0[A-Za-z0-9_-]{40,}"),
    ("azure-secret", "Q~", r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
    ("anthropic-key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    ("openai-key", "sk-", r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}"),
    ("openai-key", "sk-", r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{48}"),
    ("openrouter-key", "sk-or-", r"sk-or-v1-[a-f0-9]{40,}"),
    ("huggingface-token", "hf_,api_org_", r"(?:hf_|api_org_)[A-Za-z]{34}"),
    ("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    ("pypi-token", "pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    ("rubygems-token", "rubygems_", r"rubygems_[a-f0-9]{48}"),
    ("docker-token", "dckr_", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("sendgrid-key", "SG.", r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    ("sendinblue-key", "xkeysib-", r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("mailgun-key", "key-", r"key-[0-9a-f]{32}"),
    ("mailchimp-key", "-us", r"[0-9a-f]{32}-us[0-9]{1,2}"),
    ("twilio-key", "SK", r"SK[0-9a-f]{32}"),
    ("digitalocean-token", "_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    ("vault-token", "hvs.,hvb.,hvr.", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    ("terraform-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}"),
    ("databricks-token", "dapi", r"dapi[a-f0-9]{32}(?:-[0-9])?"),
    ("grafana-token", "glsa_,glc_", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/=]{32,}"),
    ("grafana-token", "eyJrIjoi", r"eyJrIjoi[A-Za-z0-9+/=]{40,}"),
    ("newrelic-key", "NRAK-,NRII-,NRJS-,NRRA-", r"NR(?:AK|II|JS|RA|IQ)-[A-Za-z0-9_-]{19,42}"),
    ("sentry-token", "sntry", r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    ("shopify-token", "shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("telegram-token", ":A", r"[0-9]{5,16}:A[A-Za-z0-9_-]{34}"),
    ("atlassian-token", "ATATT3,ATCTT3,ATBB", r"(?:ATATT3|ATCTT3)[A-Za-z0-9_=-]{60,}|ATBB[A-Za-z0-9]{32}"),
    ("linear-key", "lin_api_,lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}"),
    ("doppler-token", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[A-Za-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    ("planetscale-token", "pscale_", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,64}"),
    ("postman-key", "PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("pulumi-token", "pul-", r"pul-[a-f0-9]{40}"),
    ("age-key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    ("heroku-key", "HRKU-", r"HRKU-[A-Za-z0-9_-]{36,}"),
    ("fly-token", "fo1_,fm1,fm2", r"fo1_[A-Za-z0-9_-]{43}|fm[12][ar]?_[A-Za-z0-9+/=]{40,}"),
    ("onepassword-token", "ops_eyJ", r"ops_eyJ[A-Za-z0-9+/=_-]{100,}"),
    ("alibaba-key-id", "LTAI", r"LTAI[A-Za-z0-9]{17,24}"),
    ("square-token", "sq0,EAAA", r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,43}|EAAA[A-Za-z0-9_-]{60}"),
    ("facebook-token", "EAA", r"EAA[MC][A-Za-z0-9]{80,}"),
    ("notion-token", "ntn_,secret_", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}"),
    ("supabase-token", "sbp_", r"sbp_[a-f0-9]{40}"),
    ("perplexity-key", "pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    ("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    ("xai-key", "xai-", r"xai-[A-Za-z0-9]{70,}"),
    ("replicate-token", "r8_", r"r8_[A-Za-z0-9]{37,}"),
    ("dynatrace-token", "dt0", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("openshift-token", "sha256~", r"sha256~[A-Za-z0-9_-]{43}"),
    ("sourcegraph-token", "sgp_", r"sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}"),
    ("artifactory-key", "AKCp", r"AKCp[A-Za-z0-9]{60,}"),
    ("readme-key", "rdme_", r"rdme_[a-z0-9]{70}"),
    ("prefect-key", "pnu_", r"pnu_[a-zA-Z0-9]{36}"),
    ("posthog-key", "phc_,phx_", r"ph[cx]_[A-Za-z0-9]{40,}"),
    ("buildkite-token", "bkua_", r"bkua_[a-z0-9]{40}"),
    ("easypost-key", "EZ", r"EZ[AT]K[A-Za-z0-9]{54}"),
    ("typeform-token", "tfp_", r"tfp_[A-Za-z0-9_.=-]{59}"),
    ("duffel-token", "duffel_", r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}"),
    ("shippo-token", "shippo_", r"shippo_(?:live|test)_[a-fA-F0-9]{40}"),
    ("flutterwave-key", "FLW", r"FLW(?:PUBK|SECK)_TEST-[a-hA-H0-9]{32}-X|FLWSECK_TEST-[a-hA-H0-9]{12}"),
    ("contentful-token", "CFPAT-", r"CFPAT-[A-Za-z0-9_-]{43}"),
    ("jwt", "eyJ,ZXlK", r"(?:eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*|ZXlK[A-Za-z0-9+/]{60,}={0,2})"),
    ("password-hash", "$2", r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}"),
    ("password-hash", "$argon2", r"\$argon2(?:id?|d)\$[^\s\"']{20,}"),
    ("password-hash", "$6$,$5$,$y$,$apr1$", r"\$(?:[56y]|apr1)\$[./A-Za-z0-9=$]{20,}"),
)  # fmt: skip


_PEM = SecretPattern(
    kind="private-key",
    words=("PRIVATE KEY",),
    # The end may have been cut off, and the newlines may be written as \n in JSON, at any depth of escaping.
    pattern=(
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-]|-(?!----)){0,16384}-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"|(?:(?:\\+[nrt]|[\s\"'|+])*[A-Za-z0-9+/=]{16,})*)"
    ),
)
_BASE64_PEM = SecretPattern(
    kind="private-key",
    words=("LS0tLS1CRUdJTi",),
    # "-----BEGIN ... PRIVATE KEY" in base64, as kubeconfigs and Secrets carry it; certificates are public.
    pattern=(
        r"LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRVkt|BFQyBQUklWQVRFIEtFWS|BPUEVOU1NIIFBSSVZBVEUg"
        r"S0VZ|BFTkNSWVBURUQgUFJJVkFURSBL|BEU0EgUFJJVkFURSBLRVkt)[A-Za-z0-9+/]+={0,2}"
    ),
)


def _edge(body: str) -> str:
    # A shape that begins with a dollar sign needs no edge; with one, hiding the shape before it would reveal it.
    return "" if body.startswith(r"\$") else _EDGE


PATTERNS: tuple[SecretPattern, ...] = (
    _PEM,
    _BASE64_PEM,
    *(
        SecretPattern(kind=kind, words=tuple(words.split(",")), pattern=f"{_edge(body)}(?:{body}){_END}")
        for kind, words, body in _TABLE
    ),
)


def hide_patterns(text: str) -> str:
    """Return ``text`` without the secrets that any shape recognises."""
    # Most texts are short and hold none of the words: looking for them is all that is done there, so it is done here
    # rather than a call deeper.
    for shape in PATTERNS:
        for word in shape.words:
            if word in text:
                text = shape.hide(text)
                break
    return text
