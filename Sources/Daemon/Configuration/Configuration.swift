public import Delivery
public import Diagnostics
public import EventLoop
public import Storage

/// Everything `hookswitch.conf` says, checked, with defaults filled in: the contract's section 2 as a value.
public struct Configuration: Sendable {
    /// Where it is looked for when `--config` is not given.
    public static let defaultPath = "/etc/hookswitch/hookswitch.conf"

    /// The file it came from.
    public var file: String
    /// `[general]`, its defaults where the file has none.
    public var general: General
    /// In the order of the file; at least one.
    public var pbxs: [PBX]
    /// Nil: the file has no `[fastagi]`, and no port is opened.
    public var fastAGI: FastAGI?
    /// The `[lookup]` and `[lookup:NAME]` sections, whom the dialplan can ask, in the order of the file.
    public var lookups: [LookupConfiguration]
    /// `[recordings]`, its defaults where the file has none.
    public var recordings: Recordings
    /// `[backfill]`; what a `[pbx:]` section says of its own files goes before it.
    public var backfill: Backfill
    /// The `[webhook:NAME]` sections, in the order of the file.
    public var endpoints: [EndpointConfiguration]
    /// The lines of each section as they stand in the file, by its title: to tell whether one has changed.
    var settings: [String: [[String]]] = [:]

    /// The titles of sections that say something else here than in an earlier reading of the file, `[webhook:]` ones left out:
    /// those are all that can be changed without a new start.
    func sectionsForNextStart(since earlier: Configuration) -> [String] {
        Set(settings.keys).union(earlier.settings.keys)
            .filter { !$0.hasPrefix("webhook:") && settings[$0] != earlier.settings[$0] }.sorted()
    }

    /// `[general]`.
    public struct General: Sendable, Equatable {
        /// This instance: the record's `system` where a `[pbx:]` section names none.
        public var name = "pbx"
        /// Holds `hookswitch.db` and `spool/`.
        public var stateDirectory = "/var/lib/hookswitch"
        /// One record a line, written after the commit; nil: `calls_log = none`.
        public var callsLog: String? = "/var/log/hookswitch/calls.jsonl"
        /// The size at which it is renamed away; 0: never.
        public var callsLogBytes: Int64 = 256 << 20
        /// Whether it is renamed away at each UTC midnight.
        public var rotatesCallsLogDaily = false
        /// `log_level`: lines below it are not written.
        public var logLevel = LogLevel.info
        /// `log_format`: lines for people or for programs.
        public var logFormat = LogFormat.text
        /// Nil: standard error.
        public var logFile: String?
        /// Run with each alert's JSON on its standard input; nil: none.
        public var alertCommand: String?
        /// How long calls, delivered messages and dead letters are kept.
        public var retention = Retention()

        /// Where and how `calls.jsonl` is written; nil: it is not.
        public var callsLogOptions: CallsLogOptions? {
            callsLog.map { CallsLogOptions(path: $0, maxBytes: callsLogBytes, rotatesDaily: rotatesCallsLogDaily) }
        }
        /// The store's file.
        public var databasePath: String { StateFolder.databasePath(in: stateDirectory) }
        /// Where `agi-bin/hookswitch-spool` leaves what no daemon took.
        public var spoolDirectory: String { "\(stateDirectory)/spool" }
        /// The defaults, for a file that says nothing.
        public init() {}
    }

    /// `[pbx:NAME]`: one Asterisk.
    public struct PBX: Sendable, Equatable {
        /// What stands after `pbx:`.
        public var name: String
        /// The record's `system`: `system = …`, else the instance's name, and with several Asterisks `NAME`.
        public var system: String
        /// `ami`: where its manager listens.
        public var ami: ManagerAddress
        /// `username`: the section of manager.conf it logs in as.
        public var username: String
        /// `secret`, or what `secret_file` holds; never shown or logged.
        public var secret: String
        /// Channels that lead outside, `PJSIP/trunk*`; empty: learned.
        public var trunks: [String] = []
        /// Its own CDR file, before that of `[backfill]`, which is for where there is one Asterisk; nil where the section
        /// names none.
        public var cdr: String?
        /// As `cdr`, the CEL file; nil where the section names none, `[backfill]` then counts.
        public var cel: String?
        /// Asterisk patterns of internal numbers; empty: 2 to 6 digits.
        public var `internal`: [String] = []
        /// Channel variables that are copied into the record; nil: all that ride on events (manager.conf's `channelvars`).
        public var variables: [String]?
        /// PEM file of the authorities that may have signed the manager's certificate; nil: the system's.
        public var certificateAuthorities: String?
        /// The name the certificate must bear; nil: the host of `ami`.
        public var certificateName: String?
        /// False takes any certificate.
        public var verifiesCertificate = true
        /// Asterisk's own configuration folder as this host sees it, for `check`; nil: /etc/asterisk where the PBX is here.
        public var asteriskConfiguration: String?
        /// Line of the section, for `check`.
        public var line = 0

        /// Where the manager listens.
        public struct ManagerAddress: Sendable, Hashable, CustomStringConvertible {
            /// A name or an address, without brackets.
            public var host: String
            /// 5038 where the file names none, 5039 for `tls://`.
            public var port: UInt16
            /// Whether TLS begins with the connection (`tls://`); the manager knows no STARTTLS.
            public var isTLS: Bool
            /// Checks nothing: that has been done by `ConfigurationValue.managerAddress`.
            public init(host: String, port: UInt16, isTLS: Bool) {
                (self.host, self.port, self.isTLS) = (host, port, isTLS)
            }
            /// `tcp://127.0.0.1:5038`
            public var description: String {
                "\(isTLS ? "tls" : "tcp")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            }
        }
    }

    /// `[fastagi]`.
    public struct FastAGI: Sendable, Equatable {
        /// 4573 is Asterisk's own default; VICIdial's server sits on 4577.
        public var listen: SocketAddress
        /// Whose requests are answered; loopback where the file names none. Empty answers nobody.
        public var permit: [NetworkPrefix]
        /// After this the dialplan goes on, whatever happens behind.
        public var deadline: Duration = .seconds(3)
    }

    /// `[recordings]`.
    public struct Recordings: Sendable, Equatable {
        /// Where a relative MixMonitor name lives, as Asterisk sees it.
        public var directory = "/var/spool/asterisk/monitor"
        /// Where the daemon sees that same folder; nil: at the same place. For a PBX in a container or on another host.
        public var mountedAt: String?
        /// A file that has not changed for this long is finished.
        public var settle: Duration = .seconds(2)
        /// After this a file that never came is `missing`.
        public var giveUp: Duration = .seconds(30)
        /// The defaults, for a file that says nothing.
        public init() {}
    }

    /// `[backfill]`: Asterisk's own files that are read for calls that were missed, at start and after each lost connection.
    public struct Backfill: Sendable, Equatable {
        /// `Master.csv`, or a file of `cdr_custom`.
        public var cdr: String?
        /// `cel.csv` of `cel_custom`.
        public var cel: String?
        /// No file: nothing is read back.
        public init() {}
    }
}
