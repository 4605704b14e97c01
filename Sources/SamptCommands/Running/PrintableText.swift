import SAMPT
import Support

extension String {
    /// The text on one line, with everything that a terminal would obey or hide as an escape: names in files, checkpoints' pickles and
    /// servers' answers must not move the cursor, recolour or reverse what is shown. "\u{1B}[2J" becomes `\u{1B}[2J` in letters, a line end
    /// `\n`.
    ///
    /// Every message and table goes through it (`StandardError`, `StandardOutput`).
    var printable: String { escaping { $0 == "\n" ? "\\n" : $0 == "\t" ? "\\t" : "\\u{\(String($0.value, radix: 16, uppercase: true))}" } }

    /// JSON with the same characters as JSON's own escapes. `JSONEncoder` leaves those above U+007E as they are; outside strings there are
    /// none but line ends.
    var printableJSON: String {
        escaping { scalar in
            guard scalar != "\n" else { return "\n" }
            return String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    private func escaping(_ escape: (Unicode.Scalar) -> String) -> String {
        guard unicodeScalars.contains(where: \.isUnprintable) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isUnprintable { result += escape(scalar) } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
