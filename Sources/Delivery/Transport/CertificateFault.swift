/// What is wrong with a receiver's certificate, as far as it makes a difference to who mends it and where.
public enum CertificateFault: Sendable, Hashable {
    /// Was good until a day that has passed, or the clock here is ahead.
    case expired
    /// Or the clock here is behind.
    case notYetValid
    /// Signed by nobody this host trusts, or by itself.
    case unknownAuthority
    /// It is good, but for another name.
    case otherName
    /// Anything else OpenSSL found: revoked, made for another purpose, too weak a key.
    case other

    /// - Parameter code: `X509_V_ERR_...` of OpenSSL's verification, as CURLINFO_SSL_VERIFYRESULT has it.
    ///
    /// **Source**: OpenSSL 3's x509_vfy.h. libcurl (7.88, `lib/vtls/openssl.c`) compares names itself, before it asks for the
    /// result of the verification, which then still is what it was set to at first: 1, or 0 where OpenSSL was content.
    init(verifyResult code: Int) {
        switch code {
        case 0, 1, 62: self = .otherName
        case 10: self = .expired
        case 9: self = .notYetValid
        case 2, 18, 19, 20, 21, 27: self = .unknownAuthority
        default: self = .other
        }
    }

    /// What to do about it.
    /// - Parameter section: `hookswitch.conf, [webhook:crm]`.
    public func advice(section: String) -> String {
        switch self {
        case .expired: "the receiver's certificate has expired: renew it there; deliveries wait meanwhile"
        case .notYetValid:
            "the receiver's certificate is not valid yet: compare the clocks of both hosts, else renew it there"
        case .unknownAuthority:
            "\(section): ca_file = FILE of the authority that signed it, or of the certificate itself where it signs itself"
        case .otherName: "\(section): url must name a host that the receiver's certificate names; or mend it there"
        case .other: "\(section): the certificate is not trusted; ca_file = FILE of its authority, or mend it there"
        }
    }
}
