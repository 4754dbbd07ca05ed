import Daemon
import Delivery
import Testing

@Suite("Configuration errors") struct ConfigurationErrorTests {
    static let mistakesAndMessages: [(String, String)] = [
        ("[generl]\n" + leastPBX, #"hs.conf:1: [generl] unknown section; did you mean "general"?"#),
        (
            leastPBX + "[wobble:x]\n",
            "hs.conf:4: [wobble:x] unknown section; allowed: general, fastagi, recordings, backfill, lookup, "
                + "pbx, webhook"
        ),
        (leastPBX + "trunk = PJSIP/a\n", #"hs.conf:4: [pbx:main] trunk: unknown key; did you mean "trunks"?"#),
        (
            leastPBX + "[general]\nlog_level = loud\n",
            #"hs.conf:5: [general] log_level: "loud" is not known; allowed: "#
                + "trace, debug, info, notice, warning, error"
        ),
        (
            leastPBX + "ami = 127.0.0.1:5038\n",
            #"hs.conf:4: [pbx:main] ami: "127.0.0.1:5038" is not a manager address; "#
                + "write tcp://HOST:5038 or tls://HOST:5039"
        ),
        (
            leastPBX + "ami = tcp://h:99999\n",
            #"hs.conf:4: [pbx:main] ami: "99999" is not a port; write a number from 1 to 65535"#
        ),
        (
            leastPBX + "[fastagi]\npermit = 127.0.0.0/8, lan\n",
            #"hs.conf:5: [fastagi] permit: "lan" is not a network; write as 127.0.0.0/8, 10.1.2.3 or ::1"#
        ),
        (
            leastPBX + "[fastagi]\ndeadline = 3 parrots\n",
            #"hs.conf:5: [fastagi] deadline: "3 parrots" is not a time; "#
                + "write a number and ms, s, m, h or d, as 3s or 2m"
        ),
        (
            leastPBX + "[fastagi]\ndeadline = 0s\n",
            "hs.conf:5: [fastagi] deadline: 0s is out of range; allowed: 100ms to 60s"
        ),
        (
            // Three hundred and sixty-five seconds: every call would soon be gone.
            leastPBX + "[general]\nkeep_calls = 365\n",
            "hs.conf:5: [general] keep_calls: 365 is out of range; at least 1h, as 90d: d means days"
        ),
        (
            leastPBX + "internal = NX\n",
            #"hs.conf:4: [pbx:main] internal: "NX" is not an extension; a pattern starts with _: _NX"#
        ),
        (
            leastPBX + "internal = _1[0-4\n",
            #"hs.conf:4: [pbx:main] internal: "_1[0-4" is not complete; "#
                + "write an extension or a pattern as in extensions.conf: _NXX, _1[0-4]X, _8."
        ),
        (
            "[pbx:main]\nusername = u\nsecret = ${NOPE}\n",
            "hs.conf:3: [pbx:main] secret: the environment variable NOPE is not set; set it where the daemon is "
                + "started, as in /etc/hookswitch/environment, or use secret_file"
        ),
        (
            "[pbx:main]\nusername = u\n",
            "hs.conf:1: [pbx:main] secret: is missing; the secret of that user in Asterisk's manager.conf"
        ),
        (
            "[pbx:main]\nusername = u\nsecret_file = /none\n",
            "hs.conf:3: [pbx:main] secret_file: open /none: No such file or directory; "
                + "the daemon's user must be able to read it"
        ),
        ("[general]\n", "hs.conf: no [pbx:NAME] section; one is needed for each Asterisk"),
        (
            leastPBX + "secret = t\n",
            "hs.conf:4: [pbx:main] secret: is set twice; the first is in line 3; remove one"
        ),
        (
            leastPBX + leastPBX,
            "hs.conf:4: [pbx:main] the section is there twice; the first is in line 1; put the two together"
        ),
        (leastPBX + "[webhook]\n", "hs.conf:4: [webhook] has no name; write [webhook:NAME]"),
        (
            leastPBX + "[general]\nstate_dir = lib\n",
            #"hs.conf:5: [general] state_dir: "lib" is not an absolute path; write it from / on"#
        ),
        (leastPBX + "nonsense\n", "hs.conf:4: not a setting; write key = value, [section] or ; comment"),
        (
            "key = 1\n" + leastPBX,
            #"hs.conf:1: "key" stands before the first section; begin with [general]"#
        ),
        (
            leastPBX + "#include other.conf\n",
            "hs.conf:4: a line that starts with #; comments start with ; and there is no #include"
        ),
        (
            leastPBX + "[lookup]\nurl = https://x/?n=${number}\nset.A = a\n",
            "hs.conf:4: [lookup] there is no [fastagi] to ask by; add [fastagi], which may be empty"
        ),
        (
            leastPBX + "[fastagi]\n[lookup]\nurl = https://x/?n=${number}\nset.A = a\ntimeout = 3s\n",
            "hs.conf:5: [lookup] timeout: 3.0 seconds is more than a channel waits; "
                + "at most 2.25 seconds, three quarters of deadline in [fastagi]"
        ),
        (
            leastPBX + "[fastagi]\n[lookup:x]\nurl = https://x/?n=${nummer}\nset.A = a\n",
            #"hs.conf:6: [lookup:x] url: a lookup has no "nummer"; did you mean "number"?"#
        ),
        (
            "[pbx:main](tmpl)\n",
            "hs.conf:1: text after [section]; templates are not known here; only a ; comment may follow"
        ),
    ]

    @Test(
        "each mistake is told with file, line, key and what is allowed",
        arguments: mistakesAndMessages)
    func mistakes(_ text: String, _ message: String) {
        let found = problems(text)
        #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
    }

    /// libcurl would say so at the first delivery, of one endpoint, in a log.
    @Test(
        "a file of TLS that cannot be used is told when the configuration is read",
        arguments: [
            ("ca_file = /none.pem", "ca_file: open /none.pem: No such file or directory; the daemon's user must"),
            ("client_certificate = /none.pem\nclient_key = /key.pem", "client_certificate: open /none.pem: No such"),
            ("client_certificate = /both.pem\nclient_key = /none.pem", "client_key: open /none.pem: No such file"),
            ("ca_file = /key.pem", "ca_file: /key.pem has no certificate in PEM; openssl x509 -inform DER"),
            (
                "client_certificate = /cert.pem",
                "client_certificate: /cert.pem has no private key in PEM; add client_key"
            ),
            (
                "client_certificate = /cert.pem\nclient_key = /cert.pem",
                "client_key: /cert.pem has no private key in PEM; openssl pkey -inform DER"
            ),
            (
                "client_certificate = /cert.pem\nclient_key = /locked.pem",
                "client_key: the private key in /locked.pem is encrypted, and nobody can be asked for its words; openssl pkey"
            ),
        ])
    func certificateFiles(_ lines: String, _ message: String) {
        let line = 6 + (message.hasPrefix("client_key") ? 1 : 0)
        for (section, rest) in [("webhook:crm", ""), ("lookup", "set.A = a\n[fastagi]\n")] {
            let text = leastPBX + "[\(section)]\nurl = https://crm.example.com/\n\(lines)\n\(rest)"
            let found = problems(text, files: ConfigurationErrorTests.certificates)
            #expect(found.count == 1 && found[0].hasPrefix("hs.conf:\(line): [\(section)] \(message)"), "\(found)")
        }
    }
    static let certificates = [
        "/cert.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "/key.pem": "-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n",
        "/locked.pem": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "/both.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
            + "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    ]

    @Test("the authorities of a manager connection are looked at, too; files that are in order are taken")
    func certificateFilesInOrder() throws {
        let files = ConfigurationErrorTests.certificates
        let found = problems(leastPBX + "ami = tls://h\ntls_ca = /none.pem\n", files: files)
        #expect(found.count == 1 && found[0].hasPrefix("hs.conf:5: [pbx:main] tls_ca: open /none.pem: No such file"))
        let crm = "[webhook:crm]\nurl = https://crm.example.com/\nca_file = /cert.pem\n"
        #expect(
            problems(
                leastPBX
                    + "ami = tls://h\ntls_ca = /cert.pem\n\(crm)client_certificate = /cert.pem\nclient_key = /key.pem\n",
                files: files
            ).isEmpty)
        #expect(problems(leastPBX + "\(crm)client_certificate = /both.pem\n", files: files).isEmpty)
    }

    @Test("everything that is wrong is told at once, in the order of the lines")
    func all() {
        let found = problems("[general]\nlog_level = loud\nnam = x\n[pbx:main]\nusername=u\n")
        #expect(found.count == 3)
        #expect(found.map { $0.prefix(9) } == ["hs.conf:2", "hs.conf:3", "hs.conf:4"])
    }

    @Test("a key of a webhook that is set twice, and a variable that is not set, are each told once and alone")
    func toldOnce() {
        #expect(
            problems(leastPBX + "[webhook:crm]\nurl = http://a\nurl = http://b\n") == [
                "hs.conf:6: [webhook:crm] url: is set twice; the first is in line 5; remove one"
            ])
        let unset = problems(leastPBX + "[webhook:crm]\nurl = https://${NOPE}/x\nretry = 5 parrots\n")
        #expect(
            unset.map { String($0.prefix { $0 != ";" }) } == [
                "hs.conf:5: [webhook:crm] url: the environment variable NOPE is not set",
                #"hs.conf:6: [webhook:crm] retry: "5 parrots" is not a time"#,
            ])
    }

    @Test("of a webhook and a lookup, too, each mistake is told, and nothing that only follows from one")
    func allOfAWebhook() {
        let found = problems(
            leastPBX + """
                [fastagi]
                [webhook:crm]
                url = http://x/${calller.number}
                retry = 5 parrots
                evnts = alert
                [lookup]
                url = http://x/${nummber}
                set.A = a..b

                """)
        #expect(
            found.map { String($0.prefix { $0 != ";" }) } == [
                #"hs.conf:6: [webhook:crm] url: there is no field "calller.number""#,
                #"hs.conf:7: [webhook:crm] retry: "5 parrots" is not a time"#,
                "hs.conf:8: [webhook:crm] evnts: is not a key of a webhook",
                #"hs.conf:10: [lookup] url: a lookup has no "nummber""#,
                #"hs.conf:11: [lookup] set.A: "a..b" is not a place in JSON"#,
            ])
    }

    @Test("a section whose name is longer than the library keeps is told apart by its whole name")
    func longNames() throws {
        let name = String(repeating: "a", count: 60)
        let text = leastPBX + "[webhook:\(name)1]\nurl=http://x/\n[webhook:\(name)2]\nurl=http://y/\n"
        #expect(try configuration(text).endpoints.map(\.name) == [name + "1", name + "2"])
    }

    @Test("a line longer than the limit is told, not cut")
    func longLine() throws {
        let long = String(repeating: "x", count: 16_000)
        #expect(try configuration(leastPBX + "[webhook:a]\nurl = http://x/\nbody = \"\(long)\"\n").endpoints.count == 1)
        let found = problems(leastPBX + "[webhook:a]\nbody = \(long)\(long)\n")
        #expect(found == ["hs.conf:5: line of 32007 bytes; at most 16381"])
    }

    @Test("no message holds a secret's value")
    func noSecrets() {
        let found = problems("[pbx:main]\nusername=u\nsecret=hunter2\nsecret_file=/x\nsecret=hunter3\n")
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { !$0.contains("hunter") })
    }
}
