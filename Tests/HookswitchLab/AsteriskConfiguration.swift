/// What an instance's `/etc/asterisk` holds: one value in, all files out.
///
/// Authority: the sample configuration files of Asterisk 16 and 22. The dialplan is in `AsteriskConfiguration+Dialplan`.
public struct AsteriskConfiguration: Sendable {
    /// The instance's own folder, the same path inside the tree and outside.
    var folder: String
    /// Where this tree keeps Asterisk's modules.
    var moduleFolder: String
    /// UDP, PJSIP's.
    var sipPort: UInt16
    /// TCP, without TLS.
    var managerPort: UInt16
    /// Where Asterisk takes audio.
    var rtpPorts: ClosedRange<UInt16>
    /// The phones' UDP ports by user part; `trunk` is where calls to the outside go.
    var phonePorts: [String: UInt16]
    /// The port Hookswitch's FastAGI server listens on, for the dialplan's hangup handlers.
    var fastAGIPort: UInt16
    /// A folder with the files Hookswitch ships for Asterisk; nil in a lab that tests the bare stream.
    var shippedFolder: String?
    /// Changes in the shipped files what an operator changes: the secret and the list of variables. Else byte for byte.
    public var adaptsShippedFiles = false
    /// As an operator does it where calls are ended with a feature code: the shipped user's line with class `dtmf` is in force.
    public var hearsKeys = false
    /// Calls from outside pass Hookswitch's hangup handler first.
    public var attachesHandler = false
    /// FastAGI servers that are told of each call's end beside the first, where handlers are attached.
    public var moreAGIPorts: [UInt16] = []
    /// What `manager.conf` says of time stamps.
    public var timestampEvents = true
    /// `cdr.conf`, `unanswered`: whether calls that nobody answered have a CDR; nil leaves the compiled default, no.
    public var cdrUnanswered: Bool? = true
    /// `cdr.conf`, `endbeforehexten`: a CDR is closed before the hangup handlers run, which see its values then; nil leaves the
    /// compiled default, yes.
    public var cdrEndBeforeHExten: Bool?
    /// `asterisk.conf`: `systemname`; nil leaves it out.
    public var systemName: String?
    /// Loads `chan_sip` beside PJSIP (16 only) on this port.
    public var legacySIPPort: UInt16?
    /// Loads `chan_iax2` on these two ports: calls leave by the first and come back by the second.
    public var iaxPorts: (out: UInt16, in: UInt16)?
    /// The web server's port where an application outside holds calls (ARI); nil: there is none.
    public var webPort: UInt16?
    /// The manager's port for TLS; nil: plain connections only.
    public var managerTLSPort: UInt16?

    /// A text that names PJSIP's channels, as this instance has them.
    func inItsTechnology(_ text: String) -> String {
        legacySIPPort == nil ? text : text.components(separatedBy: "PJSIP/").joined(separator: "SIP/")
    }

    /// What the lab sets for the shipped manager user's secret.
    public static let secret = "lab-secret-of-hookswitch"

    /// Channel variables that ride on events, as the product's manual advises.
    static let channelVariables = "lead_id,campaign_id,vendor_lead_code,MIXMONITOR_FILENAME,HOOKSWITCH_REF,QUEUESTATUS"

    /// Modules that open ports, need a server or are of no use here; without them a boot takes two seconds.
    static let unwanted = """
        app_voicemail_odbc app_voicemail_imap cdr_adaptive_odbc cdr_odbc cdr_pgsql cdr_radius cdr_tds cel_odbc cel_pgsql \
        cel_radius cel_tds chan_alsa chan_console chan_iax2 chan_mgcp chan_motif chan_oss chan_skinny chan_unistim \
        chan_websocket chan_audiosocket func_odbc pbx_dundi pbx_lua pbx_realtime pbx_ael res_adsi res_ael_share res_ari \
        res_calendar res_config_curl res_config_ldap res_config_odbc res_config_pgsql res_config_sqlite3 res_hep \
        res_hep_pjsip res_hep_rtcp res_http_media_cache res_http_post res_http_websocket res_odbc res_odbc_transaction \
        res_phoneprov res_pjsip_phoneprov_provider res_pjsip_transport_websocket res_prometheus res_smdi res_snmp \
        res_statsd res_stun_monitor res_xmpp res_timing_pthread res_geolocation \
        res_pjsip_geolocation res_pjsip_stir_shaken res_stir_shaken app_jack app_festival app_ices app_nbscat app_mp3 \
        app_alarmreceiver app_adsiprog app_getcpeid app_sms app_minivm app_macro res_monitor cdr_sqlite3_custom \
        cel_sqlite3_custom res_calendar_caldav res_calendar_ews res_calendar_icalendar res_aeap res_speech_aeap \
        res_websocket_client res_resolver_unbound res_corosync res_tonedetect chan_rtp res_ari_applications \
        res_ari_asterisk res_ari_bridges res_ari_channels res_ari_device_states res_ari_endpoints res_ari_events \
        res_ari_model res_ari_playbacks res_ari_recordings res_ari_sounds codec_opus_open_source \
        res_calendar_exchange app_stasis res_stasis_broadcast app_stasis_broadcast res_pjsip_notify app_amd \
        res_clialiases res_pjsip_config_wizard app_image app_url
        """

    /// Those of them that an application outside needs.
    static let forApplications: Set<Substring> = [
        "app_stasis", "chan_rtp", "res_ari", "res_ari_applications", "res_ari_asterisk", "res_ari_bridges",
        "res_ari_channels", "res_ari_endpoints", "res_ari_events", "res_ari_model", "res_ari_playbacks",
        "res_ari_recordings", "res_http_websocket", "res_websocket_client",
    ]

    /// Every file, by name below `etc`.
    var files: [String: String] {
        var files = [
            "modules.conf": modules, "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error,verbose\n",
            "pjsip.conf": pjsip, "rtp.conf": rtp, "manager.conf": manager, "extensions.conf": dialplan,
            "features.conf": features, "res_parking.conf": parking, "queues.conf": queues,
            "confbridge.conf": conferences, "voicemail.conf": voicemail, "cdr.conf": cdr,
            "cdr_custom.conf": cdrCustom,
            "cdr_manager.conf": "[general]\nenabled = yes\n[mappings]\nlinkedid => LinkedID\n",
            "cel.conf": cel, "cel_custom.conf": celCustom, "followme.conf": followMe, "agents.conf": agents,
            "musiconhold.conf": "[default]\nmode=files\ndirectory=\(folder)/sounds/moh\n",
            "indications.conf": Self.indications,
        ]
        for name in ["http.conf", "ccss.conf", "udptl.conf", "stasis.conf"] {
            files[name] = "[general]\n"
        }
        for name in ["acl.conf", "pjproject.conf"] { files[name] = "; nothing set\n" }
        if let shippedFolder {
            for name in ["manager.d/hookswitch.conf", "extensions_hookswitch.conf", "cdr_manager.conf"] {
                guard let text = readText(shippedFolder + "/" + name) else { continue }
                files[name] = text
                guard adaptsShippedFiles else { continue }
                files[name] = text.components(separatedBy: "CHANGE-ME").joined(separator: Self.secret)
                    .components(separatedBy: "lead_id,campaign_id")
                    .joined(separator: "lead_id,campaign_id,vendor_lead_code")
                guard hearsKeys else { continue }
                files[name] = files[name]?.components(separatedBy: "\n;read = ").joined(separator: "\nread = ")
            }
        }
        if let webPort {
            files["http.conf"] = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = \(webPort)\n"
            files["ari.conf"] = "[general]\nenabled = yes\n[lab]\ntype = user\npassword = lab\n"
        }
        if let legacySIPPort {
            files["sip.conf"] = legacySIP(legacySIPPort)
            for name in ["extensions.conf", "queues.conf"] { files[name] = files[name].map(inItsTechnology) }
        }
        if let iaxPorts { files["iax.conf"] = iax(iaxPorts.out, iaxPorts.in) }
        return files
    }

    /// `asterisk.conf`, given by path at start.
    var asteriskConf: String {
        """
        [directories]
        astcachedir => \(folder)/cache
        astetcdir => \(folder)/etc
        astmoddir => \(moduleFolder)
        astvarlibdir => \(folder)/lib
        astdbdir => \(folder)/lib
        astkeydir => \(folder)/lib
        astdatadir => /usr/share/asterisk
        astagidir => \(folder)/agi-bin
        astspooldir => \(folder)/spool
        astrundir => \(folder)/run
        astlogdir => \(folder)/log
        astsbindir => /usr/sbin
        [options]
        nocolor = yes
        verbose = 3
        documentation_language = en_US
        \(systemName.map { "systemname = \($0)" } ?? "")

        """
    }

    private var modules: String {
        var lines = ["[modules]", "autoload = yes"]
        for name in Self.unwanted.split(separator: " ") where iaxPorts == nil || name != "chan_iax2" {
            if webPort != nil, Self.forApplications.contains(name) { continue }
            lines.append("noload = \(name).so")
        }
        if legacySIPPort == nil { lines.append("noload = chan_sip.so") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let indications = """
        [general]
        country = us
        [us]
        description = United States
        ringcadence = 2000,4000
        dial = 350+440
        busy = 480+620/500,0/500
        ring = 440+480/2000,0/4000
        congestion = 480+620/250,0/250
        callwaiting = 440/300,0/10000
        record = 1400/500,0/15000
        info = !950/330,!1400/330,!1800/330,0

        """

    private var rtp: String {
        "[general]\nrtpstart=\(rtpPorts.lowerBound)\nrtpend=\(rtpPorts.upperBound)\nstrictrtp=no\nicesupport=no\n"
    }

    private static let people = ["1001": "Alice", "1002": "Bob", "1003": "Carol", "1004": "Dave"]

    private var pjsip: String {
        var text = """
            [global]
            type = global
            endpoint_identifier_order = username,ip
            [transport-udp]
            type = transport
            protocol = udp
            bind = 127.0.0.1:\(sipPort)
            [phone](!)
            type = endpoint
            transport = transport-udp
            disallow = all
            allow = ulaw
            direct_media = no
            dtmf_mode = rfc4733
            context = from-internal
            call_group = 1
            pickup_group = 1
            [place](!)
            type = aor
            qualify_frequency = 0
            [trunk](phone)
            aors = trunk
            context = \(attachesHandler ? "entry" : "from-trunk")
            call_group =
            pickup_group =
            [trunk](place)
            contact = sip:127.0.0.1:\(phonePorts["trunk"] ?? 9)
            [trunk]
            type = identify
            endpoint = trunk
            match = 127.0.0.1
            [trunk2](phone)
            aors = trunk2
            context = from-trunk
            [trunk2](place)
            contact = sip:127.0.0.1:\(phonePorts["trunk2"] ?? 9)

            """
        for (number, name) in Self.people.sorted(by: { $0.key < $1.key }) {
            text += """
                [\(number)](phone)
                aors = \(number)
                callerid = \(name) <\(number)>
                accountcode = acct\(number)
                [\(number)](place)
                contact = sip:\(number)@127.0.0.1:\(phonePorts[number] ?? 9)

                """
        }
        return text
    }

    /// The same phones and lines for `chan_sip`, which tells who calls by the port he calls from.
    private func legacySIP(_ port: UInt16) -> String {
        var text = """
            [general]
            udpbindaddr = 127.0.0.1:\(port)
            context = nowhere
            allowguest = no
            directmedia = no
            disallow = all
            allow = ulaw
            dtmfmode = rfc2833
            [line](!)
            type = peer
            host = 127.0.0.1
            insecure = invite
            context = from-trunk
            qualify = no
            [trunk](line)
            port = \(phonePorts["trunk"] ?? 9)
            [trunk2](line)
            port = \(phonePorts["trunk2"] ?? 9)

            """
        for (number, name) in Self.people.sorted(by: { $0.key < $1.key }) {
            text += """
                [\(number)](line)
                port = \(phonePorts[number] ?? 9)
                context = from-internal
                callerid = \(name) <\(number)>
                accountcode = acct\(number)
                callgroup = 1
                pickupgroup = 1

                """
        }
        return text
    }

    /// A carrier that is this Asterisk itself: what leaves by one port comes in by the other, as from outside.
    private func iax(_ out: UInt16, _ back: UInt16) -> String {
        """
        [general]
        bindaddr = 127.0.0.1:\(out)
        bindaddr = 127.0.0.1:\(back)
        disallow = all
        allow = ulaw
        jitterbuffer = no
        autokill = yes
        requirecalltoken = no
        [carrier]
        type = friend
        host = 127.0.0.1
        port = \(back)
        username = carrier
        secret = carrier
        auth = md5
        context = from-carrier
        transfer = no
        requirecalltoken = no

        """
    }

    private var manager: String {
        var text = """
            [general]
            enabled = yes
            bindaddr = 127.0.0.1
            port = \(managerPort)
            webenabled = no
            displayconnects = no
            timestampevents = \(timestampEvents ? "yes" : "no")
            channelvars = \(Self.channelVariables)
            [lab]
            secret = lab
            deny = 0.0.0.0/0.0.0.0
            permit = 127.0.0.1/255.255.255.255
            read = all
            write = all
            writetimeout = 5000

            """
        if let managerTLSPort {
            let tls = """
                tlsenable = yes
                tlsbindaddr = 127.0.0.1:\(managerTLSPort)
                tlscertfile = \(folder)/etc/manager.pem
                tlsprivatekey = \(folder)/etc/manager.pem
                [lab]
                """
            text = text.components(separatedBy: "[lab]").joined(separator: tls)
        }
        if shippedFolder != nil { text += "#include \"\(folder)/etc/manager.d/hookswitch.conf\"\n" }
        return text
    }

    private var features: String {
        """
        [general]
        featuredigittimeout = 1000
        transferdigittimeout = 2
        atxfernoanswertimeout = 6
        atxferdropcall = no
        pickupexten = *8
        [featuremap]
        blindxfer => ##
        atxfer => *2
        parkcall => #72
        automixmon => *3
        disconnect => *0

        """
    }

    private var parking: String {
        """
        [general]
        [default]
        parkext => 700
        parkpos => 701-720
        context => parkedcalls
        parkingtime => 45
        findslot => first
        [short]
        parkext => 730
        parkpos => 731-740
        context => parkedshort
        parkingtime => 4
        comebacktoorigin = yes
        comebackdialtime = 20
        findslot => first
        [away]
        parkext => 750
        parkpos => 751-760
        context => parkedaway
        parkingtime => 4
        comebacktoorigin = no
        comebackcontext = away
        findslot => first

        """
    }

    private var queues: String {
        var text = """
            [general]
            persistentmembers = no
            autofill = yes
            [plain](!)
            timeout = 4
            retry = 1
            wrapuptime = 0
            ringinuse = no
            joinempty = yes
            leavewhenempty = no
            musicclass = default
            ; a queue that began as linear stays so, whatever is set later
            [line](!,plain)
            strategy = linear
            [support](line)
            member => PJSIP/1001,0,Alice
            member => PJSIP/1002,0,Bob
            [vip](line)
            member => PJSIP/1001,0,Alice
            [small](line)
            maxlen = 1
            member => PJSIP/1001,0,Alice
            [nobody](line)
            joinempty = no
            [leaving](line)
            context = queue-exit
            member => PJSIP/1001,0,Alice
            [remote](line)
            timeout = 15
            member => Local/1001@agents/n,0,Alice,PJSIP/1001
            [office](line)
            timeout = 6
            member => Local/1001@office-queue/n,0,Alice Agent,PJSIP/1001
            member => Local/1002@office-queue/n,0,Bob Agent,PJSIP/1002
            [pool](line)
            timeout = 15
            member => Local/7001@agent-pool,0,Alice,Agent:7001
            [screened](line)
            membergosub = queue-screen
            member => PJSIP/1001,0,Alice
            [recorded](line)
            monitor-format = wav
            member => PJSIP/1001,0,Alice

            """
        for strategy in QueueStrategy.allCases {
            text += """
                [s-\(strategy.rawValue)](plain)
                strategy = \(strategy.rawValue)
                member => PJSIP/1001,0,Alice
                member => PJSIP/1002,0,Bob

                """
        }
        return text
    }

    private var conferences: String {
        """
        [general]
        [default_bridge]
        type = bridge
        [default_user]
        type = user
        quiet = yes
        music_on_hold_when_empty = no

        """
    }

    private var voicemail: String {
        "[general]\nformat = wav\nmaxsilence = 0\nminsecs = 0\nmaxmsg = 100\n[default]\n1001 => 1234,Alice\n"
    }

    private var cdr: String {
        var text = "[general]\nenable = yes\ncongestion = yes\n"
        if let cdrUnanswered { text += "unanswered = \(cdrUnanswered ? "yes" : "no")\n" }
        if let cdrEndBeforeHExten { text += "endbeforehexten = \(cdrEndBeforeHExten ? "yes" : "no")\n" }
        return text + "[csv]\nusegmtime = no\nloguniqueid = yes\nloguserfield = yes\n"
    }

    private var cdrCustom: String {
        let fields = [
            "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
            "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "linkedid",
            "peeraccount", "sequence",
        ]
        let line = fields.map { "${CSV_QUOTE(${CDR(\($0))})}" }.joined(separator: ",")
        return "[mappings]\nFull.csv => \(line)\n"
    }

    private var cel: String {
        "[general]\nenable = yes\napps = dial,queue,park,voicemail,confbridge\nevents = ALL\n[manager]\nenabled = yes\n"
    }

    private var celCustom: String {
        let fields = [
            "eventtype", "eventtime", "CALLERID(name)", "CALLERID(num)", "CALLERID(ANI)", "CALLERID(RDNIS)",
            "CALLERID(DNID)", "CHANNEL(exten)", "CHANNEL(context)", "CHANNEL(channame)", "CHANNEL(appname)",
            "CHANNEL(appdata)", "CHANNEL(amaflags)", "CHANNEL(accountcode)", "CHANNEL(uniqueid)", "CHANNEL(linkedid)",
            "BRIDGEPEER", "CHANNEL(userfield)", "userdeftype", "eventextra",
        ]
        return "[mappings]\nMaster.csv => " + fields.map { "${CSV_QUOTE(${\($0)})}" }.joined(separator: ",") + "\n"
    }

    private var followMe: String {
        """
        [general]
        takecall = 1
        declinecall = 2
        call_from_prompt = silence/1
        norecording_prompt = silence/1
        options_prompt = silence/1
        pls_hold_prompt = silence/1
        status_prompt = silence/1
        sorry_prompt = silence/1
        [1001]
        musicclass => default
        context => agents
        number => 1002,8
        takecall => 1
        declinecall => 2

        """
    }

    private var agents: String {
        "[general]\n[agent-template](!)\nackcall = no\nautologoff = 0\n[7001](agent-template)\nfullname = Alice\n"
    }
}

/// The ways a queue picks its members, as `queues.conf` spells them.
public enum QueueStrategy: String, Sendable, CaseIterable {
    case ringall, leastrecent, fewestcalls, random, rrmemory, rrordered, linear, wrandom
}
