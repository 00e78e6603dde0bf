"""Knows the files that hold secrets by the names that programs and people give them.

Files that are left out for another reason are in `rules`; secrets within a file, in `secrets`.
All names are compared in lower case.
"""

import re
from fnmatch import translate

_ENVIRONMENT = ".env .env.* *.env .envrc .flaskenv .dev.vars .dev.vars.* .env-* .env_* .envrc.*"

_LOGINS = (
    ".netrc _netrc .authinfo .npmrc .pypirc pip.conf pip.ini .pgpass pgpass.conf"
    " .pg_service.conf pg_service.conf .my.cnf .mylogin.cnf .s3cfg .passwd-s3fs passwd-s3fs"
    " .boto .htpasswd htpasswd .htdigest .git-credentials .gitcookies .cvspass .dockercfg"
    " .dockerconfigjson dockerconfig.json .terraformrc terraform.rc *.tfrc *.tfrc.json .trc"
    " .tugboat nuget.config settings-security.xml .msmtprc .esmtprc .fetchmailrc .getmailrc"
    " .mbsyncrc .offlineimaprc .muttrc .ftpconfig sftp-config.json sftp.json .remote-sync.json"
    " filezilla.xml sitemanager.xml recentservers.xml robomongo.json credentials-config.json"
    " proftpdpasswd shadow passwd *.passwd wp-config.php localsettings.php local.settings.json"
    " hudson.util.secret initialadminpassword rclone.conf *.rclone.conf *.netrc .authinfo.*"
    " *.htpasswd .smbcredentials .wgetrc .curlrc .sentryclirc .coveralls.yml .databrickscfg"
    " .gist .erlang.cookie .rhosts .xauthority .s3curl s3cmd.ini .ossutilconfig cqlshrc"
    " snowsql.cnf profiles.yml clouds.yaml *openrc.sh kaggle.json ngrok.yml winscp.ini"
    " confcons.xml *.rdg *.rdp *.remmina userlist.txt known_hosts authorized_keys"
)

_CLOUDS = (
    "kubeconfig *.kubeconfig kubeconfig.y*ml kubeconfig.json kubeconfig-* *[-_]kubeconfig"
    " admin.conf kubelet.conf k3s.yaml *.tfstate *.tfstate.* *.tfvars *.tfvars.json"
    " application_default_credentials.json *-credentials.json *_credentials.json"
    " client_secret*.json service[-_]account*.json serviceaccount*.json"
    " *service[-_]account.json *serviceaccountkey.json *firebase-adminsdk*.json"
    " gha-creds-*.json gcp[-_]*key*.json gcloud[-_]*key*.json google[-_]*key*.json"
    " keyfile.json *-key.json *_key.json accesskeys.csv *_accesskeys.csv *credentials.csv"
    " rootkey.csv aws_credentials* accesstokens.json azureprofile.json azureauth.json"
    " *.azureauth msal_token_cache* service_principal_entries* serviceprincipal*.json"
    " *.publishsettings *.pubxml.user google-services.json googleservice-info.plist"
    " known_tokens.csv stored_tokens talosconfig *.talosconfig talosconfig.y*ml talosconfig-*"
    " vault[-_]init*.json vault[-_]init*.txt vault[-_]init*.y*ml vault[-_]unseal*.json"
    " vault[-_]unseal*.txt vault[-_]unseal*.y*ml"
)

_KEYS = (
    "*.pem *.key *.p12 *.pfx *.p8 *.ppk *.jks *.keystore *.bks *.kdb *.kdbx *.keychain"
    " *.keychain-db *.keyring *.keytab krb5cc_* *.gpg *.pgp *.asc *.age *.agekey *.der *.crt"
    " *.cer *.pkcs12 *.pvk *.snk *.jwk *.priv *.privkey *.private *.psafe3 *.agilekeychain"
    " *.opvault *.1pif *.1pux *.mobileprovision *.provisionprofile *.wallet wallet.dat utc--*"
    " *keypair.json id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss* *_rsa *_dsa *_ecdsa"
    " *_ed25519 *-rsa *-ed25519 ssh_host_*_key* *.sshkey otr.private_key key3.db key4.db"
    " logins.json *.key.bak *.key.enc *.key.old *.pem.bak *.pem.enc *.pem.old"
    " *.jceks *.truststore *.pk8 *.pkcs8 secring.* identity"
    " keystore.properties signing.properties"
)

_TOKENS = (
    "*.token *.secret *.secrets *.apikey *.credentials *.password *.cookies cookies.txt"
    " cookies.json .vault-token .vault_token vault_pass* vault-pass* .vault_pass* .vault-pass*"
    " *.vault_pass *.vault ansible-vault* ipsec.secrets chap-secrets pap-secrets *.ovpn"
    " wg[0-9]*.conf wireguard*.conf *.nmconnection wpa_supplicant.conf tailscaled.state"
    " bitwarden*export*.json bitwarden*export*.csv lastpass*.csv 1password*.csv *.pass"
    " .vaultpass* vaultpass* mnemonic.txt seed[-_]phrase* wallet.json keystore.json secrets.sh"
    " credentials.sh"
)

_HISTORIES = (
    "*_history *_history.txt *.history .histfile .zhistory .history .dbshell .lesshst"
    " .viminfo .rediscli_history .node_repl_history .*_history* .*-history .rhistory"
    " .octave_hist repl_history.jl"
)

_HARMLESS = ".env.example .env.sample .env.template .env.dist .env.defaults .env.schema example.env"

_CLEAR = (
    r"(?:.*[._-])?(?:credentials?|creds|secrets?|passwords?|passwd|passphrases?"
    r"|(?:access|api|auth|bearer|bot|deploy|refresh|personal|service|session)[._-]?(?:keys?|tokens?)"
    r"|(?:private|signing|encryption|secret|ssh|master|aws|gcp|azure)[._-]?keys?)"
)
_STEM = rf"{_CLEAR}|(?:.*[._-])?(?:pass|key|private)|tokens?|.+[._-]token|auth|keys?|oauth2?|vault"
"""Names of files that hold data; `credentials.py` is source code.

Behind the clear ones more may stand, as in `secrets_prod.yaml`; `key_bindings.json` is none.
"""

_DATA = (
    "json yaml yml toml ini cfg conf config xml txt csv tsv properties plist env enc b64"
    " dat db pickle pkl"
)

_FOLDERS = (
    ".ssh .gnupg .aws .azure .kube .docker .oci .aliyun .bluemix .secrets .password-store .vault"
    " .terraform.d .m2 .minikube .chef .kaggle .tccli .cloudflared gcloud rclone"
)

_IN_FOLDER = frozenset(
    {
        "gh/hosts.yml",
        "hub/hub",
        "doctl/config.yaml",
        "glab-cli/config.yml",
        "stripe/config.toml",
        "netlify/config.json",
        "hcloud/cli.toml",
        ".fly/config.yml",
        "solana/id.json",
    }
)


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in " ".join(patterns).split()))


_SECRET_FOLDERS = frozenset(_FOLDERS.split())
_NAME = _any_of(_ENVIRONMENT, _LOGINS, _CLOUDS, _KEYS, _TOKENS, _HISTORIES)
_HARMLESS_NAME = _any_of(_HARMLESS)
_ENDING = "|".join(_DATA.split())
_DATA_NAME = re.compile(
    rf"\.?(?:{_STEM})(?:\.(?:\w+\.)*(?:{_ENDING}))?|\.?{_CLEAR}[._-].*\.(?:{_ENDING})"
)
_COPY = re.compile(r"(?:~|\.(?:~\d+~|(?:bak|old|orig|save|sav|backup|copy|tmp|sw[op])\d*))+$")
"""Endings that editors, merges and people give to copies of a file.

Emacs also puts `#` around the name, and vim a dot before that of its swap file.
"""

_DOWNLOADED_KEY = re.compile(r"[a-z][a-z0-9-]+-[0-9a-f]{12}\.json")
"""As Google Cloud names the key of a service account: project and number of the key."""


def is_secret_name(path: str) -> bool:
    """True if the file at `path` ('/' separated) is secret, whatever is in it."""
    *folders, name = path.lower().split("/")
    if not _SECRET_FOLDERS.isdisjoint(folders) or "/".join([*folders[-1:], name]) in _IN_FOLDER:
        return True
    original = _COPY.sub("", name.strip("#"))
    if _HARMLESS_NAME.match(original):
        return False
    names = {name} if name == original else {name, original, original.removeprefix(".")}
    kinds = (_NAME, _DATA_NAME, _DOWNLOADED_KEY)
    return any(kind.fullmatch(known) for known in names for kind in kinds)
