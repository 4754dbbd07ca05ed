import Daemon
import Delivery
import EventLoop
import Foundation
import Storage
import Testing

/// Reads a configuration text with the given environment and, beside the system's own, these files.
func configuration(
    _ text: String, variables: [String: String] = [:], files: [String: String] = [:]
) throws(ConfigurationError) -> Configuration {
    let environment = ConfigurationEnvironment(
        variable: { variables[$0] },
        contents: { path in
            files[path].map { .success(Array($0.utf8)) } ?? ConfigurationEnvironment.process.contents(path)
        })
    return try Configuration(parsing: Array(text.utf8), file: "hs.conf", environment: environment)
}

/// The messages of what is wrong with a text.
func problems(_ text: String, variables: [String: String] = [:], files: [String: String] = [:]) -> [String] {
    do throws(ConfigurationError) {
        _ = try configuration(text, variables: variables, files: files)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// The least that is a configuration.
let leastPBX = "[pbx:main]\nusername = u\nsecret = s\n"

@Suite("Configuration") struct ConfigurationTests {
    @Test("the example of the contract reads as it says")
    func contractExample() throws {
        let read = try configuration(
            """
            [general]
            name = pbx1                              ; this instance
            state_dir = /var/lib/hookswitch          ; hookswitch.db, spool/
            calls_log = /var/log/hookswitch/calls.jsonl
            log_level = info                         ; trace debug info notice warning error
            log_format = text                        ; text, json

            [pbx:main]                               ; one section per Asterisk; any number
            ami = tcp://127.0.0.1:5038               ; or tls://
            username = hookswitch
            secret = ${HOOKSWITCH_AMI_SECRET}
            trunks = PJSIP/trunk*, DAHDI/*           ; optional
            internal = _XXX, _XXXX                   ; optional
            variables = lead_id, campaign_id         ; channel variables copied into the record

            [fastagi]
            listen = 127.0.0.1:4573                  ; 4573 is Asterisk's default
            permit = 127.0.0.0/8, ::1                ; default: loopback only
            deadline = 3s                            ; the dialplan goes on after this

            [recordings]
            directory = /var/spool/asterisk/monitor  ; where a relative MixMonitor name lives

            [webhook:crm]                            ; any number of endpoints
            url = https://crm.example.com/hooks/calls
            events = call.complete                   ; list; default call.complete
            secret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ; signs
            header.Authorization = Bearer ${CRM_TOKEN}
            when = direction == inbound && billsec > 0              ; optional filter
            """, variables: ["HOOKSWITCH_AMI_SECRET": "geheim", "CRM_TOKEN": "t0k"])
        #expect(read.general.name == "pbx1")
        #expect(read.general.databasePath == "/var/lib/hookswitch/hookswitch.db")
        #expect(read.general.callsLog == "/var/log/hookswitch/calls.jsonl")
        let pbx = try #require(read.pbxs.first)
        #expect(pbx.system == "pbx1")
        #expect(pbx.ami == .init(host: "127.0.0.1", port: 5038, isTLS: false))
        #expect(pbx.secret == "geheim")
        #expect(pbx.trunks == ["PJSIP/trunk*", "DAHDI/*"])
        #expect(pbx.internal == ["_XXX", "_XXXX"])
        #expect(pbx.variables == ["lead_id", "campaign_id"])
        let fastAGI = try #require(read.fastAGI)
        #expect(fastAGI.listen.description == "127.0.0.1:4573")
        #expect(fastAGI.permit.map(\.description) == ["127.0.0.0/8", "::1/128"])
        #expect(fastAGI.deadline == .seconds(3))
        #expect(read.recordings.directory == "/var/spool/asterisk/monitor")
        let endpoint = try #require(read.endpoints.first)
        #expect(endpoint.name == "crm")
        #expect(endpoint.urlText == "https://crm.example.com/hooks/calls")
        #expect(endpoint.events == [.callComplete])
        #expect(endpoint.secrets.count == 1)
        #expect(endpoint.timeout == .seconds(10))
    }

    @Test("when calls.jsonl is renamed away")
    func callsLog() throws {
        let read = try configuration("[general]\ncalls_log_size = 10M\ncalls_log_daily = yes\n\(leastPBX)")
        #expect(read.general.callsLogOptions?.maxBytes == 10 << 20)
        #expect(read.general.callsLogOptions?.rotatesDaily == true)
        #expect(try configuration(leastPBX).general.callsLogOptions?.maxBytes == 256 << 20)
        #expect(problems("[general]\ncalls_log_size = 10 parsecs\n\(leastPBX)").first?.contains("as 256M") == true)
    }

    @Test("the sample that is shipped is one that can be used")
    func sample() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../asterisk-conf/hookswitch.conf").standardizedFileURL.path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let shipped = try configuration(text, variables: ["HOOKSWITCH_AMI_SECRET": "s"])
        #expect(shipped.general.name == "pbx1")
        #expect(shipped.fastAGI?.listen.port == 4573)
    }

    @Test("without a [fastagi] section no port is asked for; with an empty one the usual port")
    func fastAGI() throws {
        #expect(try configuration(leastPBX).fastAGI == nil)
        let empty = try configuration(leastPBX + "[fastagi]\n").fastAGI
        #expect(empty?.listen.description == "127.0.0.1:4573")
        #expect(empty?.permit.map(\.description) == ["127.0.0.0/8", "::1/128"])
    }

    @Test("with several Asterisks each section's name is its system, and one can be given")
    func systems() throws {
        let read = try configuration(
            "[general]\nname=x\n[pbx:a]\nusername=u\nsecret=s\n[pbx:b]\nsystem=berlin\nusername=u\nsecret=s\n")
        #expect(read.pbxs.map(\.system) == ["a", "berlin"])
    }

    @Test(
        "a manager address",
        arguments: [
            ("tcp://10.0.0.1", "tcp://10.0.0.1:5038"), ("tls://pbx.example.com", "tls://pbx.example.com:5039"),
            ("tcp://[::1]:5999", "tcp://[::1]:5999"), ("tls://::1", "tls://[::1]:5039"),
        ])
    func managerAddress(_ text: String, _ read: String) throws {
        #expect(try configuration(leastPBX + "ami = \(text)\n").pbxs[0].ami.description == read)
    }

    @Test("a secret may come from a file's first line")
    func secretFile() throws {
        let read = try configuration(
            "[pbx:main]\nusername=u\nsecret_file=/s\n[webhook:a]\nurl=http://x/\nsecret_file=/s\n",
            files: ["/s": "top\n"])
        #expect(read.pbxs[0].secret == "top")
        #expect(read.endpoints[0].secrets.count == 1)
    }

    @Test("in a template, small names are the record's and stay; capitals are the environment's")
    func templates() throws {
        let read = try configuration(
            leastPBX + "[webhook:a]\nurl = https://x/?k=${KEY}&u=${uniqueid}\nbody = {\"n\":\"${caller.number}\"}\n",
            variables: ["KEY": "k1"])
        #expect(read.endpoints[0].urlText == "https://x/?k=k1&u=${uniqueid}")
    }

    @Test("an indented setting is a setting, => is Asterisk's own =, and \\; is a semicolon")
    func asteriskHabits() throws {
        let read = try configuration("\u{FEFF}[pbx:main]\r\n  username => u\r\n\tsecret = a \\; b ; c\r\n")
        #expect(read.pbxs[0].username == "u")
        #expect(read.pbxs[0].secret == "a ; b")
    }
}
