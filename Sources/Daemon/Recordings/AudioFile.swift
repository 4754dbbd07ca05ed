/// How long the audio in a recording is, from its header or, where a format has none, from its size.
///
/// Source: Asterisk's `formats/` (16 and 22): `format_wav.c`, `format_wav_gsm.c` (WAV49: GSM in RIFF, 65 bytes for 40 ms),
/// `format_gsm.c` (33 bytes for 20 ms), `format_pcm.c` (8,000 bytes a second), `format_sln.c` (16-bit samples, the rate in the
/// name), `format_g729.c` (10 bytes for 10 ms), `format_g722` in `format_pcm.c` (8,000 bytes a second).
struct AudioFile: Equatable {
    /// Bytes of audio, headers excluded.
    var audioBytes: Int
    /// Nil where the format is not known.
    var length: Duration?
    /// Whether the header shows that the file was closed: it counts exactly the audio that is there.
    ///
    /// `format_wav.c` (11 to 22) leaves the length at 0 until `wav_close` writes it last; `format_wav_gsm.c` writes it with
    /// every frame, and other formats have none, so that of those nothing can be told.
    var isWhole = false

    /// - Parameters:
    ///   - path: for the format, by its extension.
    ///   - size: of the whole file.
    ///   - head: its first bytes; 4,096 are plenty.
    init(path: String, size: Int, head: [UInt8]) {
        if let wave = AudioFile.wave(head, size: size) {
            self = wave
            return
        }
        let ending = path.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() } ?? ""
        // A RIFF file shorter than its header holds nothing yet.
        if ending == "wav" || ending == "wav49" {
            self = AudioFile(audioBytes: 0, length: .zero)
            return
        }
        self = AudioFile(audioBytes: size, length: AudioFile.bytesPerSecond(ending).map { .bytes(size, $0) })
    }
    private init(audioBytes: Int, length: Duration?) { (self.audioBytes, self.length) = (audioBytes, length) }

    private static func bytesPerSecond(_ ending: String) -> Int? {
        switch ending {
        case "gsm": 1650
        case "ulaw", "ul", "mu", "ulw", "pcm", "alaw", "al", "alw", "g722": 8000
        case "g729": 1000
        case "sln", "raw", "sln8": 16_000
        case "sln12": 24_000
        case "sln16": 32_000
        case "sln24": 48_000
        case "sln32": 64_000
        case "sln44": 88_200
        case "sln48": 96_000
        case "sln96": 192_000
        case "sln192": 384_000
        default: nil
        }
    }

    /// Reads a RIFF header. The size in it may be 0 or too large while, or because, nobody closed the file: what is there counts.
    private static func wave(_ head: [UInt8], size: Int) -> AudioFile? {
        func word(_ at: Int) -> Int {
            Int(head[at]) | Int(head[at + 1]) << 8 | Int(head[at + 2]) << 16 | Int(head[at + 3]) << 24
        }
        func isTag(_ at: Int, _ tag: String) -> Bool { head[at..<(at + 4)].elementsEqual(tag.utf8) }
        guard head.count >= 12, isTag(0, "RIFF"), isTag(8, "WAVE") else { return nil }
        var at = 12
        var bytesPerSecond = 16_000
        var isLinear = false
        while at + 8 <= head.count {
            let length = word(at + 4)
            if isTag(at, "fmt "), at + 24 <= head.count {
                bytesPerSecond = max(1, word(at + 16))
                isLinear = head[at + 8] == 1 && head[at + 9] == 0
            }
            if isTag(at, "data") {
                let present = max(0, size - at - 8)
                let bytes = length == 0 ? present : min(length, present)
                var file = AudioFile(audioBytes: bytes, length: .bytes(bytes, bytesPerSecond))
                file.isWhole = isLinear && length > 0 && length == present
                return file
            }
            at += 8 + length + length % 2
        }
        return AudioFile(audioBytes: 0, length: .zero)
    }
}

extension Duration {
    fileprivate static func bytes(_ bytes: Int, _ perSecond: Int) -> Duration {
        .milliseconds(Int64(bytes) * 1000 / Int64(perSecond))
    }
}
