// Counted answers and CSV (RFC 4180).
import Foundation

struct Tally {
    var right = 0
    var known = 0

    mutating func add(_ isRight: Bool) {
        known += 1
        if isRight { right += 1 }
    }

    /// "7 of 9 right = 78 % (95 % interval 45 to 94 %)".
    var text: String {
        var low = 0.0
        var high = 1.0
        handlens_ffi_interval(Int32(right), Int32(known), &low, &high)
        return t("tally", right, known, Double(right) / Double(max(1, known)) * 100, low * 100, high * 100)
    }
}

enum Csv {
    /// A text that a spreadsheet would run as a formula gets a ' in front.
    static func cell(_ text: String) -> String {
        var safe = text
        if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { safe = "'" + text }
        let special: Set<Unicode.Scalar> = [",", "\"", "\r", "\n"]
        guard safe.unicodeScalars.contains(where: { special.contains($0) }) else { return safe }
        return "\"" + safe.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    static func line(_ cells: [String]) -> String {
        cells.joined(separator: ",") + "\r\n"
    }
}
