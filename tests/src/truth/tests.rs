use super::{Bytes, Connection, LAST_ALERTS, LAST_DATAGRAMS, Protocol};

const COUNTED: Bytes = Bytes {
    out: 300,
    r#in: 5_000,
};

fn connection(protocol: Protocol, error: Option<&str>) -> Connection {
    Connection {
        protocol,
        name: None,
        host: None,
        path: None,
        error: error.map(str::to_owned),
        peer: ([127, 0, 0, 1], 1).into(),
        local: ([127, 0, 0, 1], 2).into(),
        received: COUNTED.out,
        sent: COUNTED.r#in,
        duration_ms: 1,
    }
}

#[test]
fn only_what_a_closed_socket_was_sent_may_be_missing() {
    for (protocol, error, unheard) in [
        (Protocol::Tcp, None, 0),
        (Protocol::Tcp, Some("Broken pipe"), LAST_ALERTS),
        (Protocol::Udp, None, LAST_DATAGRAMS),
    ] {
        let connection = connection(protocol, error);
        let counts = |out, r#in| connection.is_counted_as(Bytes { out, r#in });
        assert!(counts(COUNTED.out, COUNTED.r#in) && counts(COUNTED.out, COUNTED.r#in - unheard));
        assert!(!counts(COUNTED.out, COUNTED.r#in - unheard - 1));
        assert!(!counts(COUNTED.out, COUNTED.r#in + 1));
        assert!(!counts(COUNTED.out - 1, COUNTED.r#in) && !counts(COUNTED.out + 1, COUNTED.r#in));
    }
}
