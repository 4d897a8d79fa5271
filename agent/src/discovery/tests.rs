use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig};
use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Record, rdata};
use tokio::net::UdpSocket;

use super::*;

/// A DNS server on a loopback port that answers with `records`, and with NXDOMAIN for other names.
async fn server(records: Vec<Record>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let mut message = Message::from_vec(&buffer[..length]).unwrap();
            let query = message.queries[0].clone();
            message.metadata.message_type = MessageType::Response;
            message.answers = records
                .iter()
                .filter(|record| record.name == *query.name() && record.record_type() == query.query_type())
                .cloned()
                .collect();
            if !records.iter().any(|record| record.name == *query.name()) {
                message.metadata.response_code = ResponseCode::NXDomain;
            }
            socket.send_to(&message.to_vec().unwrap(), from).await.unwrap();
        }
    });
    address
}

fn config(server: SocketAddr, search: &[&str]) -> ResolverConfig {
    let mut connection = ConnectionConfig::udp();
    connection.port = server.port();
    let server = NameServerConfig::new(server.ip(), true, vec![connection]);
    ResolverConfig::from_parts(
        None,
        search.iter().map(|domain| name(domain)).collect(),
        vec![server],
    )
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = Duration::from_millis(200);
    options.attempts = 1;
    options
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

fn service(domain: &str, priority: u16, weight: u16, port: u16, target: &str) -> Record {
    let data = RData::SRV(SRV::new(priority, weight, port, name(target)));
    Record::from_rdata(name(&format!("{SERVICE}.{domain}")), 300, data)
}

pub(super) fn address_record(owner: &str, ip: Ipv4Addr) -> Record {
    Record::from_rdata(name(owner), 1, RData::A(rdata::A(ip)))
}

fn urls(found: &Found) -> Vec<String> {
    found.collectors.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn collectors_come_in_the_order_of_their_priorities() {
    let records = vec![
        service("corp.example", 20, 0, 8443, "backup.corp.example"),
        service("corp.example", 10, 5, 443, "umbra.corp.example"),
    ];
    let server = server(records).await;
    let discovery = Discovery::new(config(server, &["nowhere.example", "corp.example"]), options()).unwrap();
    let found = discovery.find().await.unwrap().unwrap();
    assert_eq!(
        urls(&found),
        ["https://umbra.corp.example", "https://backup.corp.example:8443"]
    );
    let left = found.expires.duration_since(Instant::now());
    assert!(
        (Duration::from_secs(290)..=Duration::from_mins(5)).contains(&left),
        "{left:?}"
    );
}

#[tokio::test]
async fn no_record_means_nobody() {
    let server = server(vec![service("decided.example", 0, 0, 0, ".")]).await;
    for search in [&["corp.example"][..], &["decided.example"], &[]] {
        let discovery = Discovery::new(config(server, search), options()).unwrap();
        assert_eq!(discovery.find().await.unwrap(), None, "{search:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_trouble_and_not_an_answer() {
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let discovery =
        Discovery::new(config(nobody.local_addr().unwrap(), &["corp.example"]), options()).unwrap();
    let message = discovery.find().await.unwrap_err().to_string();
    assert!(
        message.contains("cannot ask the DNS for _umbra-collector._tcp.corp.example."),
        "{message}"
    );
    assert!(
        message.contains("--collector URL") && !message.contains('\n'),
        "{message}"
    );
}

#[tokio::test]
async fn an_unreachable_collector_gives_way_to_the_next_one() {
    let records = vec![
        service("corp.example", 1, 0, 1, "a.example"),
        service("corp.example", 2, 0, 2, "b.example"),
    ];
    let discovery = Discovery::new(config(server(records).await, &["corp.example"]), options()).unwrap();
    let mut destination = Destination::discovered_by(discovery);
    assert_eq!(*destination.presence().borrow(), Presence::Unknown);
    for expected in [
        "https://a.example:1",
        "https://b.example:2",
        "https://a.example:1",
    ] {
        assert_eq!(destination.find().await.to_string(), expected);
        destination.failed();
    }
    assert_eq!(*destination.presence().borrow(), Presence::Here);
}

#[tokio::test]
async fn presence_says_when_there_is_nobody() {
    let discovery = Discovery::new(config(server(Vec::new()).await, &["corp.example"]), options()).unwrap();
    let mut destination = Destination::discovered_by(discovery);
    let mut presence = destination.presence();
    tokio::select! {
        collector = destination.find() => panic!("{collector}"),
        seen = presence.wait_for(|presence| *presence == Presence::Nobody) => assert!(seen.is_ok()),
    }
}

#[test]
fn equal_priorities_share_by_weight() {
    let record = |weight, target| SRV::new(1, weight, 443, name(target));
    let mut chance = fastrand::Rng::with_seed(1);
    let mut first = [0; 3];
    for _ in 0..1_000 {
        let records = vec![record(30, "a."), record(10, "b."), record(0, "c.")];
        let ordered = super::service::in_order(records, &mut chance);
        assert_eq!(ordered.len(), 3);
        first[["a.", "b.", "c."]
            .iter()
            .position(|target| ordered[0].target == name(target))
            .unwrap()] += 1;
    }
    assert!(
        (650..800).contains(&first[0]) && (180..320).contains(&first[1]) && first[2] < 60,
        "{first:?}"
    );
}

#[tokio::test]
async fn addresses_lead_back_to_their_only_name() {
    let ours = Ipv4Addr::new(192, 0, 2, 1);
    let shared = Ipv4Addr::new(192, 0, 2, 2);
    let new = Ipv4Addr::new(192, 0, 2, 3);
    let records = vec![
        address_record("api.new.example", new),
        address_record("api.one.example", ours),
        address_record("api.one.example", shared),
        address_record("api.two.example", shared),
        address_record("sinkhole.example", Ipv4Addr::UNSPECIFIED),
    ];
    let names = [
        "api.one.example",
        "api.two.example",
        "sinkhole.example",
        "gone.example",
    ]
    .map(Into::into)
    .to_vec();
    let config = config(server(records).await, &["corp.example"]);
    let seeker = addresses::Seeker::new(config, options(), names, Duration::from_millis(1)).unwrap();
    let addresses = seeker.addresses();
    let run = tokio::spawn(seeker.run());
    let deadline = Instant::now() + Duration::from_secs(5);
    let name_of = |ip: IpAddr| {
        addresses
            .current()
            .into_iter()
            .find(|(known, _)| *known == ip)
            .map(|(_, name)| name)
    };
    while name_of(shared.into()).is_some() || name_of(ours.into()).is_none() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(name_of(ours.into()).as_deref(), Some("api.one.example"));
    assert_eq!(name_of(shared.into()), None, "two names share it");
    assert_eq!(name_of(Ipv4Addr::UNSPECIFIED.into()), None);

    // Another catalogue: one name goes, and what it shared is the other's; one comes.
    addresses.look_for(vec!["api.two.example".into(), "api.new.example".into()]);
    assert_eq!(name_of(ours.into()), None, "its name is no longer looked for");
    assert_eq!(name_of(shared.into()).as_deref(), Some("api.two.example"));
    while name_of(new.into()).is_none() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(name_of(new.into()).as_deref(), Some("api.new.example"));

    // And one without a name to look up.
    addresses.look_for(vec![]);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(addresses.current().is_empty());
    addresses.look_for(vec!["api.one.example".into()]);
    while name_of(ours.into()).is_none() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    run.abort();
}
