//! Precedence of the sources, refused values, and the error texts.

use figment::Jail;

use kim_domain::token::AllowedAgencies;

use super::*;
use crate::timer::Timer;

const ISSUER: &str =
    "[[issuer]]\niss = \"https://a.example\"\naudience = \"kim\"\njwks = \"keys.json\"\nagencies = [\"x\"]\n";

fn read() -> Result<Config, String> {
    Config::read(None, &Flags::default()).map_err(|failure| failure.to_string())
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn flags_override_the_environment_the_file_and_the_defaults_in_this_order() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        assert_eq!(read().expect("defaults").database, "sqlite:kim.sqlite");
        jail.create_file("kim.toml", "database = \"sqlite:file\"\nlog = \"json\"")?;
        assert_eq!(read().expect("the file").database, "sqlite:file");
        jail.set_env("KIM_DATABASE", "sqlite:env");
        let config = read().expect("the environment");
        assert_eq!((config.database.as_str(), config.log), ("sqlite:env", LogFormat::Json));
        let flags = Flags { database: Some("sqlite:flag".to_owned()), ..Flags::default() };
        let config = Config::read(None, &flags).expect("flags");
        assert_eq!((config.database.as_str(), config.log), ("sqlite:flag", LogFormat::Json));
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn an_unknown_key_is_refused_with_its_name_and_source() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("kim.toml", "databse = \"sqlite:file\"")?;
        let words = read().expect_err("refused");
        assert!(words.contains("\"databse\"") && words.contains("kim.toml") && words.contains("database"), "{words}");
        jail.create_file("kim.toml", &format!("{ISSUER}key = 1"))?;
        let words = read().expect_err("refused");
        assert!(words.contains("\"key\"") && words.contains("audience"), "{words}");
        jail.create_file("kim.toml", "")?;
        jail.set_env("KIM_LISTN", "1");
        let words = read().expect_err("refused");
        assert!(words.contains("\"listn\"") && words.contains("KIM_"), "{words}");
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn a_wrong_value_is_refused_with_its_key() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("kim.toml", "listen = \"8080\"")?;
        assert!(read().expect_err("refused").contains("\"listen\""));
        jail.create_file("kim.toml", "log = \"xml\"")?;
        assert!(read().expect_err("refused").contains("\"log\""));
        assert!(Config::read(Some(Path::new("none.toml")), &Flags::default()).is_err());
        Ok(())
    });
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn an_issuer_can_come_from_the_environment() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.set_env("KIM_TEST_SOMETHING", "not a configuration key");
        jail.set_env("KIM_ISSUER", r#"[{iss="https://a.example",audience="kim",jwks="keys.json",agencies=["*"]}]"#);
        let config = read().expect("an issuer");
        assert_eq!(config.issuer[0].allowed_agencies(), Ok(AllowedAgencies::All));
        Ok(())
    });
}

#[test]
fn an_origin_must_have_the_format_of_browsers() {
    let limits = |origin: &str| Config { cors_origins: vec![origin.to_owned()], ..Config::default() }.limits();
    for good in ["https://dashboard.example", "http://localhost:5173", "https://a.example:8443"] {
        assert!(limits(good).is_ok(), "{good}");
    }
    for bad in [
        "*",
        "null",
        "",
        "dashboard.example",
        "https://a.example/",
        "https://a.example:443",
        "https://A.example",
        "ftp://a.example",
    ] {
        assert!(limits(bad).expect_err(bad).to_string().contains("cors_origins"), "{bad}");
    }
}

#[test]
fn a_limit_outside_its_range_is_refused() {
    for config in [
        Config { deadline_seconds: 0, ..Config::default() },
        Config { max_requests: 0, ..Config::default() },
        Config { max_connections: usize::MAX, ..Config::default() },
    ] {
        assert!(config.limits().expect_err("refused").to_string().contains("between 1 and"));
    }
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn the_timer_is_disabled_or_has_valid_settings() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        assert!(Timer::configured(&read().expect("defaults")).is_some());
        jail.create_file("kim.toml", "timer_seconds = 0")?;
        assert!(Timer::configured(&read().expect("off")).is_none());
        for wrong in ["timer_seconds = 90000", "expire_after_working_days = 0", "expire_after_working_days = 251"] {
            jail.create_file("kim.toml", wrong)?;
            assert!(read().expect_err("refused").contains(wrong.split(' ').next().unwrap_or_default()), "{wrong}");
        }
        Ok(())
    });
}

fn issuer(jwks: &str, agencies: &[&str]) -> IssuerConfig {
    IssuerConfig {
        iss: "https://a.example".to_owned(),
        audience: "kim".to_owned(),
        jwks: Some(jwks.to_owned()),
        agencies: agencies.iter().map(ToString::to_string).collect(),
        ..IssuerConfig::default()
    }
}

#[test]
fn keys_are_never_fetched_over_an_unencrypted_connection() {
    for good in [
        "keys.json",
        "/etc/kim/keys.json",
        "https://a.example/jwks",
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://localhost/",
    ] {
        assert!(issuer(good, &["x"]).check().is_ok(), "{good}");
    }
    for bad in ["http://a.example/jwks", "ftp://a.example/", "http://localhost.a.example/", "https://", "file:///keys"]
    {
        assert!(issuer(bad, &["x"]).check().is_err(), "{bad}");
    }
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn an_empty_variable_takes_back_an_optional_setting() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        let set = "metrics_listen = '127.0.0.1:1'\notlp_endpoint = 'http://127.0.0.1:2/'\nfingerprint_key_file = 'key'";
        jail.create_file("kim.toml", set)?;
        let config = read().expect("a configuration");
        assert!(config.metrics_listen.is_some() && config.otlp_endpoint.is_some());
        assert!(config.fingerprint_key_file.is_some());
        for name in ["KIM_METRICS_LISTEN", "KIM_OTLP_ENDPOINT", "KIM_FINGERPRINT_KEY_FILE"] {
            jail.set_env(name, "");
        }
        let config = read().expect("a configuration");
        assert_eq!((config.metrics_listen, config.otlp_endpoint, config.fingerprint_key_file), (None, None, None));
        jail.create_file("kim.toml", "cors_origins = ['https://a.example']")?;
        jail.set_env("KIM_CORS_ORIGINS", "");
        assert!(read().expect("a configuration").cors_origins.is_empty());
        jail.set_env("KIM_CORS_ORIGINS", "[\"https://b.example\"]");
        assert_eq!(read().expect("a configuration").cors_origins, ["https://b.example"]);
        jail.set_env("KIM_CORS_ORIGINS", "https://b.example");
        let refused = read().expect_err("no list");
        assert!(refused.contains("cors_origins") && refused.contains("a list"), "{refused}");
        jail.set_env("KIM_CORS_ORIGINS", "");
        jail.set_env("KIM_METRICS_LISTEN", "here");
        assert!(read().expect_err("refused").contains("metrics_listen"));
        Ok(())
    });
}

#[test]
fn without_jwks_the_keys_are_found_at_the_issuer() {
    let discovering = |iss: &str| IssuerConfig { iss: iss.to_owned(), jwks: None, ..issuer("", &["x"]) };
    for (iss, address) in [
        ("https://a.example", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/realms/kim", "https://a.example/realms/kim/.well-known/openid-configuration"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/.well-known/openid-configuration"),
    ] {
        let source = discovering(iss).source().expect("a source");
        assert_eq!(source, KeySource::Discovery(address.parse().expect("a URL")), "{iss}");
    }
    for bad in ["http://a.example", "a.example", "urn:issuer"] {
        assert!(discovering(bad).check().expect_err("refused").to_string().contains("jwks"), "{bad}");
    }
}

#[test]
fn a_claim_mapping_must_lead_to_values_that_exist() {
    let configured = |toml: &str| {
        let text = format!("iss = 'https://a.example'\naudience = 'kim'\nagencies = ['x']\n{toml}");
        toml::from_str::<IssuerConfig>(&text).map_err(|error| error.to_string())
    };
    let checked = |toml: &str| configured(toml).and_then(|config| config.check().map_err(|why| why.to_string()));
    for good in [
        "claims.role = '/resource_access/kim/roles'\nvalues.role.leitung = 'CLERK'",
        "claims.agency = 'https://kim.example/agency'\nvalues.agency.'/x' = 'x'",
        "values.scope.clerk = 'referral:read referral:write'",
    ] {
        assert_eq!(checked(good), Ok(()), "{good}");
    }
    for (bad, part) in [
        ("claims.role = 'resource_access.kim.roles'", "/resource_access/kim/roles"),
        ("claims.role = ''", "claims.role"),
        ("claims.subject = 'oid'", "subject"),
        ("values.role.leitung = 'LEITUNG'", "LEITUNG"),
        ("values.agency.'/y' = 'y'", "values.agency"),
        ("values.scope.clerk = 'referral:read referral:all'", "values.scope"),
        ("values.purposes.x = 'X'", "values.purposes"),
    ] {
        assert!(checked(bad).expect_err(bad).contains(part), "{bad}");
    }
}

#[test]
fn an_issuer_speaks_for_all_agencies_or_for_a_list() {
    for bad in [&[][..], &["*", "x"], &[""]] {
        assert!(issuer("keys.json", bad).check().is_err(), "{bad:?}");
    }
    assert_eq!(issuer("k", &["x"]).allowed_agencies(), Ok(AllowedAgencies::Agencies(["x".to_owned()].into())));
}

#[test]
fn the_development_issuer_cannot_be_configured() {
    let issuer = IssuerConfig { iss: crate::development::ISS.to_owned(), ..issuer("keys.json", &["*"]) };
    assert!(issuer.check().expect_err("refused").to_string().contains("development issuer"));
}

#[test]
#[expect(clippy::result_large_err, reason = "Jail's own error type")]
fn the_example_file_contains_every_key_with_its_default() {
    let example = include_str!("../../kim.example.toml");
    // A commented key is "#key = value". A comment line has a space after the `#`.
    let keys: String = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .fold(String::new(), |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        });
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("kim.toml", &keys)?;
        let shown: toml::Table = toml::from_str(&keys).expect("TOML");
        let mut config = serde_json::to_value(read().expect("a valid example")).expect("JSON");
        let defaults = serde_json::to_value(Config::default()).expect("JSON");
        for (key, default) in defaults.as_object().expect("an object") {
            assert!(shown.contains_key(key), "{key} is missing");
            if !["issuer", "fingerprint_key_file", "metrics_listen", "otlp_endpoint"].contains(&key.as_str()) {
                assert_eq!(config[key].take(), *default, "{key}");
            }
        }
        assert_eq!(config["issuer"].as_array().map(Vec::len), Some(2));
        Ok(())
    });
}
