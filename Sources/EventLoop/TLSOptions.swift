/// How to be a TLS client.
public struct TLSClientOptions: Sendable {
    /// The name the server's certificate must carry, also sent as SNI; an IP address is matched as such.
    public var hostName: String
    /// PEM file of the authorities to trust instead of the system's; nil: the system's.
    public var authoritiesFile: String?
    /// PEM file with the certificate, and its chain, that shows the server who we are; nil: it sees none. With
    /// `privateKeyFile` or not at all.
    public var certificateFile: String?
    /// PEM file of its key.
    public var privateKeyFile: String?
    /// False accepts any certificate: the traffic is private, but from whom is anybody's guess.
    public var verifiesCertificate = true

    /// Trusts the system's authorities and shows no certificate.
    public init(hostName: String) { self.hostName = hostName }
}

/// How to be a TLS server.
public struct TLSServerOptions: Sendable {
    /// PEM file with the certificate and its chain.
    public var certificateFile: String
    /// PEM file of its key.
    public var privateKeyFile: String
    /// PEM file of the authorities whose certificate a client must show; nil: clients need none.
    public var clientAuthoritiesFile: String?

    /// Asks clients for no certificate.
    public init(certificateFile: String, privateKeyFile: String) {
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
    }
}
