//! What the kernel programs count: one 64-bit number a cause and processor, in the map `COUNTERS`.

/// Names one counter; its number is the index in `COUNTERS`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// TCP sockets that began to connect.
    FlowsOpened,
    /// `ClientHello`s whose server name was looked up in the catalogue.
    NamesLookedUp,
    /// Of these, names of the catalogue.
    NamesMatched,
    /// Flows passed over because they did not begin with a `ClientHello`, or it carried no name.
    FlowsWithoutName,
    /// First bytes that went up to the agent because no name could be read of them in the kernel: hellos and requests
    /// in pieces, QUIC Initials.
    FlowsAsked,
    /// Pieces that went up to the agent to be read: parts of hellos and requests, QUIC Initials, DNS answers.
    PiecesSent,
    /// DNS answers to catalogue names.
    AnswersSeen,
    /// Pieces that found the ring buffer full: the names in them are lost.
    PiecesDropped,
    /// Packets that found all workspaces of their processor in use: the names in them are lost.
    WorkspacesBusy,
    /// `ClientHello`s that broke the syntax of RFC 8446, section 4.1.2.
    HellosMalformed,
    /// Entries submitted to the ring buffer.
    EventsSent,
    /// Events that found the ring buffer full; the flow itself stays in `FLOWS`, where the agent finds it later.
    EventsDropped,
    /// Catalogue flows lost because `FLOWS` was full.
    FlowsLost,
    /// Sockets that could not be followed because socket storage could not be had.
    StorageFailed,
    /// Processes that found `PROCESSES` full.
    ProcessesLost,
    /// Executed programs that found `IMAGES` full.
    ImagesLost,
    /// Control groups that found no room in `CGROUPS`.
    CgroupsLost,
    /// Programs executed.
    Execs,
    /// Processes that ended.
    Exits,
}

/// How many there are.
pub const COUNTERS: u32 = Counter::Exits as u32 + 1;

impl Counter {
    /// All, in the order of their numbers.
    pub const ALL: [Self; COUNTERS as usize] = [
        Self::FlowsOpened,
        Self::NamesLookedUp,
        Self::NamesMatched,
        Self::FlowsWithoutName,
        Self::FlowsAsked,
        Self::PiecesSent,
        Self::AnswersSeen,
        Self::PiecesDropped,
        Self::WorkspacesBusy,
        Self::HellosMalformed,
        Self::EventsSent,
        Self::EventsDropped,
        Self::FlowsLost,
        Self::StorageFailed,
        Self::ProcessesLost,
        Self::ImagesLost,
        Self::CgroupsLost,
        Self::Execs,
        Self::Exits,
    ];

    /// The name in metrics and in a report's losses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FlowsOpened => "flows_opened",
            Self::NamesLookedUp => "names_looked_up",
            Self::NamesMatched => "names_matched",
            Self::FlowsWithoutName => "flows_without_name",
            Self::FlowsAsked => "flows_asked",
            Self::PiecesSent => "pieces_sent",
            Self::AnswersSeen => "answers_seen",
            Self::PiecesDropped => "pieces_dropped",
            Self::WorkspacesBusy => "workspaces_busy",
            Self::HellosMalformed => "hellos_malformed",
            Self::EventsSent => "events_sent",
            Self::EventsDropped => "events_dropped",
            Self::FlowsLost => "flow_table_full",
            Self::StorageFailed => "socket_storage_failed",
            Self::ProcessesLost => "process_table_full",
            Self::ImagesLost => "image_table_full",
            Self::CgroupsLost => "cgroup_table_full",
            Self::Execs => "execs",
            Self::Exits => "exits",
        }
    }

    /// Whether it counts something that Umbra should have seen and did not.
    pub const fn is_loss(self) -> bool {
        match self {
            Self::PiecesDropped
            | Self::WorkspacesBusy
            | Self::HellosMalformed
            | Self::FlowsLost
            | Self::StorageFailed
            | Self::ProcessesLost
            | Self::ImagesLost
            | Self::CgroupsLost => true,
            Self::FlowsOpened
            | Self::NamesLookedUp
            | Self::NamesMatched
            | Self::FlowsWithoutName
            | Self::FlowsAsked
            | Self::PiecesSent
            | Self::AnswersSeen
            | Self::EventsSent
            | Self::EventsDropped
            | Self::Execs
            | Self::Exits => false,
        }
    }
}
