import Delivery

/// The files of TLS that a section names: what a library could not use at the first connection is told when the file is read.
extension SectionReader {
    /// What such a file is to hold, in PEM.
    enum CertificateFile {
        case authorities, certificate, certificateAndKey, key
    }

    /// Looks at the files of a `[webhook:]` or `[lookup]` section.
    mutating func checkCertificates(_ entries: [EndpointConfiguration.Entry]) {
        let hasKey = entries.contains { $0.key == "client_key" }
        for entry in entries {
            let path = ConfigurationText.trimmed(entry.value)
            switch entry.key {
            case "ca_file": check(.authorities, path, of: entry.key)
            // libcurl looks for the key in the certificate's file where it is told of no other.
            case "client_certificate": check(hasKey ? .certificate : .certificateAndKey, path, of: entry.key)
            case "client_key": check(.key, path, of: entry.key)
            default: break
            }
        }
    }

    /// Reports a file that is not there, may not be read, or does not hold what it should. Says nothing of a path that is not
    /// absolute, which whoever reads the key refuses.
    mutating func check(_ kind: CertificateFile, _ path: String, of key: String) {
        guard path.hasPrefix("/") else { return }
        let bytes: [UInt8]
        switch environment.contents(path) {
        case .success(let found): bytes = found
        case .failure(let error):
            return report(line(of: key), key, error.description, "the daemon's user must be able to read it")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if kind != .key, !text.contains(" CERTIFICATE-----") {
            report(
                line(of: key), key, "\(path) has no certificate in PEM",
                "openssl x509 -inform DER -in \(path) -out FILE makes it of one in DER")
        } else if kind == .key || kind == .certificateAndKey, !text.contains("PRIVATE KEY-----") {
            report(
                line(of: key), key, "\(path) has no private key in PEM",
                kind == .key
                    ? "openssl pkey -inform DER -in \(path) -out FILE makes it of one in DER"
                    : "add client_key = FILE, or put the key behind the certificate")
        } else if kind == .key || kind == .certificateAndKey, text.contains("ENCRYPTED") {
            report(
                line(of: key), key, "the private key in \(path) is encrypted, and nobody can be asked for its words",
                "openssl pkey -in \(path) -out FILE, and let only the daemon's user read that")
        }
    }
}
