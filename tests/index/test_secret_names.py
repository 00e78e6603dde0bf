"""Secret files are known by their names, and source code about secrets is not."""

from __future__ import annotations

import pytest

from sidelong_index.secret_names import is_secret_name


@pytest.mark.parametrize(
    "names",
    [
        ".env a/.env .env.local .env.production prod.env .ENV .envrc .flaskenv .dev.vars",
        ".netrc _netrc .npmrc .pypirc pip.conf .pgpass .my.cnf .s3cfg .htpasswd .git-credentials"
        " .dockercfg nuget.config NuGet.Config settings-security.xml .msmtprc sftp-config.json"
        " filezilla.xml shadow passwd wp-config.php local.settings.json",
        "rclone.conf .config/rclone/rclone.conf .config/gh/hosts.yml .config/hub/hub"
        " .config/doctl/config.yaml .config/gcloud/access_tokens.db .m2/settings.xml",
        "token token.json token.txt tokens.json github_token slack-token.txt access_token.json"
        " auth.json auth.toml api_key api-keys.json apikey.txt key.json keys.txt deploy.token"
        " bot_token.env refresh_token.json .vault-token oauth2.json",
        "vault_pass vault_pass.txt .vault_pass vault-password .vault-password.txt vault.yml",
        ".bash_history .zsh_history .python_history .psql_history .mysql_history .node_repl_history"
        " .rediscli_history .sqlite_history fish_history .histfile .viminfo"
        " ConsoleHost_history.txt",
        "my-project-123456-a1b2c3d4e5f6.json service-account.json service_account_prod.json"
        " serviceAccountKey.json app-firebase-adminsdk-x1y2z.json gcp-key.json gcp_sa_key.json"
        " application_default_credentials.json client_secret_123.json gha-creds-0123.json",
        "accessKeys.csv alice_accessKeys.csv new_user_credentials.csv rootkey.csv .aws/credentials"
        " aws_credentials accessTokens.json azureProfile.json my.azureauth x.publishsettings"
        " msal_token_cache.bin .oci/config .aliyun/config.json",
        "kubeconfig kubeconfig.yaml dev.kubeconfig .kube/config admin.conf k3s.yaml main.tfvars"
        " terraform.tfstate.backup credentials.tfrc.json .terraformrc",
        "server.pem tls/server.key id_rsa id_rsa.pub id_ed25519_sk deploy_ed25519 cert.p12 cert.pfx"
        " vault.kdbx release.keystore ca.crt x.gpg ssh_host_rsa_key AuthKey_AB12.p8 x.ppk x.jwk"
        " private_key privatekey.txt signing_key.json wallet.dat x.keytab otr.private_key",
        "credentials credentials.json Credentials.yml creds.json secrets.yaml secrets.enc.yaml"
        " secrets .secrets.toml secret.json app-secrets.yml prod_credentials.yaml passwords.txt"
        " password.txt db_password passphrase.txt my-credentials.json ipsec.secrets app.secret",
        "home.ovpn wg0.conf x.nmconnection wpa_supplicant.conf bitwarden_export_2026.json x.1pux"
        " cookies.txt logins.json lastpass_export.csv",
        ".databrickscfg .kaggle/kaggle.json .sentryclirc .smbcredentials .curlrc clouds.yaml"
        " demo-openrc.sh ngrok.yml .config/stripe/config.toml server.key.bak tls.pem.old .rhistory"
        " .vaultpass db_pass sudo.pass aws_keys.txt ec2-key token.pickle seed-phrase.txt .env-prod",
        "secrets_prod.yaml secrets-staging.json credentials-prod.yml app_credentials_eu-1.toml"
        " passwords_old.txt db-creds_prod.properties secrets_prod.v2.xml api_keys-dev.ini"
        " access-token_test.env private_key-2.json Secrets_Prod.YAML",
        "talosconfig talosconfig.yaml vault-init.json vault_init.txt vault-unseal-keys.json"
        " .cloudflared/123e4567-e89b-12d3-a456-426614174000.json .config/solana/id.json",
        ".env~ .netrc.bak rclone.conf.bak kubeconfig.bak .env.swp .netrc.swp .kubeconfig.swp"
        " .secrets.yml.swp #secrets.yml# #.netrc# .npmrc.orig .pypirc.old wp-config.php~"
        " talosconfig.save service-account.json.bak2 .htpasswd.~1~ server.pem.orig clouds.yaml.tmp"
        " .pgpass.backup terraform.tfvars.old~ rclone.conf.bak.old token.json~ .vault-token.sav",
    ],
)
def test_secret_files_are_known_by_their_names(names: str) -> None:
    assert [name for name in names.split() if not is_secret_name(name)] == []


def test_source_code_about_secrets_is_source_code() -> None:
    names = (
        ".env.example .env.sample credentials.py secrets.ts secret_manager.go environment.py env.py"
        " monkey.py keyboard.js key.rs src/secrets/mod.rs passwords.go rsa.py settings.json README"
        " Makefile credentials.test.ts token.py tokenizer.json special_tokens_map.json"
        " design.tokens.json tokens.ts auth.py auth.service.ts kubeconfig.py history.py"
        " test_history.py vault.go oauth2.js keys.h package.json tsconfig.json config.yaml"
        " data-2026.json app-0123456789ab.js api/auth/index.ts private.h passwd.c"
        " keyboard.json compass.yml keystore.py history.ts user_history.ts identity.py wallet.ts"
        " mnemonics.py HISTORY.txt HISTORY.md api.key.ts"
        " secrets_manager.py credentials_test.go secrets_prod.rb passwords-view.tsx"
        " key_bindings.json auth_config.yaml tokens_map.json private_dns.yaml pass_through.toml"
        " config.yaml.bak settings.py~ .bashrc.swp .main.py.swp #main.py# README.md.orig notes.old"
        " .env.example~ .env.sample.bak secrets.py.bak credentials.go~ .identity vault-init.sh"
        " solana/index.json cloudflared/config.yml secretary_list.json secretsmanager_v2.json"
    )
    assert [name for name in names.split() if is_secret_name(name)] == []
