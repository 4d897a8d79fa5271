//! Schemas of what no derive can tell.

use umbra_catalog::Kind;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type};

use crate::limits;

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The kinds of the catalogue, whose crate has no use for schemas.
pub fn kinds() -> Object {
    text().enum_values(Some(Kind::ALL.map(Kind::as_str))).build()
}

/// [`crate::Status::losses`].
pub(crate) fn losses() -> Schema {
    let cause = text().pattern(Some(format!("^[a-z0-9_]{{1,{}}}$", limits::LOSS_CAUSE)));
    let count = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(u64::MAX));
    ObjectBuilder::new()
        .property_names(Some(cause))
        .additional_properties(Some(Schema::Object(count.build())))
        .max_properties(Some(limits::LOSS_CAUSES))
        .description(Some(
            "What was lost since then, counted by cause (`ring_buffer_full`, `spool_full`, …). Zero counts may be left out.",
        ))
        .into()
}

/// An address of IPv4 or IPv6, or none.
pub(crate) fn address() -> Schema {
    let of = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let none = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
    AnyOfBuilder::new()
        .item(of(KnownFormat::Ipv4))
        .item(of(KnownFormat::Ipv6))
        .item(none)
        .description(Some("Who is at the other end of the session."))
        .into()
}

/// A [`crate::Route`], or none.
pub(crate) fn route() -> Schema {
    let of = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let ip = AnyOfBuilder::new()
        .item(of(KnownFormat::Ipv4))
        .item(of(KnownFormat::Ipv6));
    let port = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(65_535));
    let proxy = ObjectBuilder::new()
        .property("ip", ip)
        .property("port", port)
        .required("ip")
        .required("port");
    let via = ObjectBuilder::new()
        .property("via", proxy)
        .required("via")
        // One of two words: no other may stand beside it.
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    AnyOfBuilder::new()
        .item(text().enum_values(Some(["direct"])))
        .item(via)
        .item(ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)))
        .description(Some(
            "Which way its flows went, as far as the program told: directly, or through proxies, of which this is the first. \
             Older agents do not say.",
        ))
        .into()
}
