use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::route::{Email, MailTls};
use super::target::{TargetError, read};
use super::{Message, words};
use crate::store::Outcome;

/// For a connection and for each answer of the server.
const ANSWER: Duration = Duration::from_secs(20);
/// For the whole.
const ATTEMPT: Duration = Duration::from_mins(2);
/// Answers that are about the log-in, and not about the mail (RFC 4954, section 6).
const LOGIN: [&str; 4] = ["530", "534", "535", "538"];

/// A mail server, by which a few people get mail. Each message has a connection of its own.
#[derive(Clone, Debug)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mailer {
    pub(super) fn open(email: &Email) -> Result<Self, TargetError> {
        let mailbox = |text: &String| {
            text.parse::<Mailbox>()
                .map_err(|error| TargetError::Mail(format!("{text} is no mail address: {error}")))
        };
        let (tls, port) = match email.tls {
            MailTls::Starttls => (Tls::Required(parameters(email)?), 587),
            MailTls::Implicit => (Tls::Wrapper(parameters(email)?), 465),
            MailTls::None => (Tls::None, 25),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&email.server)
            .port(email.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(ANSWER))
            .hello_name(ClientId::Domain(super::syslog::own_name()));
        if let (Some(user), Some(file)) = (&email.user, &email.password_file) {
            let password = read(file)?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self {
            transport: builder.build(),
            from: mailbox(&email.from)?,
            to: email.to.iter().map(mailbox).collect::<Result<_, _>>()?,
        })
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let mail = match self.mail(message) {
            Ok(mail) => mail,
            Err(error) => {
                return Outcome::Refused {
                    error: format!("the mail cannot be written: {error}; see that from and to are right"),
                };
            }
        };
        let sent = tokio::time::timeout(ATTEMPT, self.transport.send(mail)).await;
        match sent {
            Ok(Ok(response)) => {
                let lines: Vec<&str> = response.message().collect();
                Outcome::Delivered {
                    answer: words::plain(&format!("{} {}", response.code(), lines.join(" "))),
                }
            }
            Ok(Err(error)) => outcome(&error),
            Err(_) => Outcome::Retry {
                error: format!(
                    "the mail server did not take the mail within {} s; see that it is well",
                    ATTEMPT.as_secs()
                ),
                asked: None,
            },
        }
    }

    /// Text alone. The id is that of the delivery, by which a mailbox knows a repeat.
    fn mail(&self, message: &Message) -> Result<Mail, lettre::error::Error> {
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .date(message.time.into())
            .subject(words::subject(message))
            // Nobody's holiday notice need answer it (RFC 3834, section 5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        builder.header(ContentType::TEXT_PLAIN).body(text(message))
    }
}

fn parameters(email: &Email) -> Result<TlsParameters, TargetError> {
    let mut builder = TlsParameters::builder(email.server.clone());
    if let Some(path) = &email.ca_file {
        let pem = read(path)?;
        let certificate = Certificate::from_pem(pem.as_bytes())
            .map_err(|_| TargetError::wrong(path, "there is no certificate in PEM form in it"))?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    builder
        .build_rustls()
        .map_err(|error| TargetError::Mail(format!("TLS for the mail server cannot be set up: {error}")))
}

/// A 5xx is about this mail and final, unless it is about the log-in; all else may be better next time.
fn outcome(error: &lettre::transport::smtp::Error) -> Outcome {
    let code = error.status().map(|code| code.to_string());
    let login = code.as_deref().is_some_and(|code| LOGIN.contains(&code));
    let mut said = words::plain(&error.to_string());
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_said = words::plain(&inner.to_string());
        if !said.contains(&inner_said) {
            said = format!("{said}: {inner_said}");
        }
        cause = inner.source();
    }
    if login {
        let error = format!("{said}; see that user and password_file are right");
        return Outcome::Retry { error, asked: None };
    }
    if error.is_permanent() {
        let error = format!("{said}; see that the server takes mail from and to these addresses");
        return Outcome::Refused { error };
    }
    let remedy = if error.is_tls() {
        "see that tls and ca_file fit the server"
    } else {
        "see that the mail server runs and can be reached from here"
    };
    Outcome::Retry {
        error: format!("{said}; {remedy}"),
        asked: None,
    }
}

fn text(message: &Message) -> String {
    let mut lines = Vec::new();
    if message.is_test() {
        lines.push(words::TEST.to_owned());
    }
    for alert in &message.alerts {
        lines.push(words::headline(alert));
        let facts = words::facts(alert).into_iter();
        lines.extend(facts.map(|(name, value)| format!("  {name}: {value}")));
        lines.push(format!("  {}\n", message.link(alert.finding)));
    }
    lines.extend(words::omitted(message));
    lines.push(format!("-- \nUmbra, {}\n", message.page));
    lines.join("\n")
}
