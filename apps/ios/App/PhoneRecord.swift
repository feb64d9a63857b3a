// The record "handlens-phone", version 1 (docs/formats-app.md of handlens): what this phone is and what it measured.
// `handlens verify RUN --import FILE` reads it.
import Foundation
import UIKit

enum PhoneRecord {
    static func now() -> String {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime]
        format.timeZone = TimeZone(identifier: "UTC")
        return format.string(from: Date())
    }

    static func selfCheck(_ check: SelfCheck, engine: Engine) -> Data? {
        var record = facts(engine)
        record["self_check"] = [
            "ok": check.passed,
            "model_intact": check.modelIntact,
            "computer_runtime": check.file.runtime,
            "tolerance": check.file.tolerance,
            "golden": [
                "count": check.golden.count,
                "equal": check.golden.equal,
                "within_bound": check.golden.withinBound,
                "differing_bytes": check.golden.differingBytes,
                "largest_jpeg_difference": check.golden.largestDifference,
                "failed": check.golden.failed,
            ] as [String: Any],
            "delegate": "missing",
            "pictures": check.rows.map(picture),
        ] as [String: Any]
        return data(record)
    }

    static func fieldTest(_ shots: [Shot], engine: Engine) -> Data? {
        var record = facts(engine)
        guard let encoded = try? JSONEncoder().encode(shots), let list = try? JSONSerialization.jsonObject(with: encoded) else { return nil }
        record["field_test"] = ["shots": list]
        return data(record)
    }

    private static func picture(_ row: SelfCheck.Row) -> [String: Any] {
        [
            "file": row.held.file,
            "sha256": row.held.sha256,
            "label": row.held.label,
            "input_equal": row.sameInput,
            "computer": numbers(row.held.scores),
            "computer_xnnpack": numbers(row.held.scoresXnnpack),
            "builtin": numbers(row.here),
            "xnnpack": NSNull(),
            "builtin_ok": row.right,
            "xnnpack_ok": NSNull(),
        ]
    }

    /// JSON has no word for what is not a number.
    private static func numbers(_ scores: [Float]) -> [Any] {
        scores.map { $0.isNaN ? NSNull() as Any : Double($0) as Any }
    }

    private static func facts(_ engine: Engine) -> [String: Any] {
        let info = Bundle.main.infoDictionary ?? [:]
        let code = Int(info["CFBundleVersion"] as? String ?? "") ?? 0
        return [
            "format": "handlens-phone",
            "version": 1,
            "made_at": now(),
            "app": [
                "name": engine.spec.name,
                "target": "ios",
                "id": Bundle.main.bundleIdentifier ?? "",
                "version_name": info["CFBundleShortVersionString"] as? String ?? "?",
                "version_code": code,
                "installation": installation(),
                "model_file": engine.spec.modelFile,
                "model_sha256": engine.spec.modelSha256,
                "input_type": engine.spec.inputType,
                "runtime": Engine.runtime,
                "path": "builtin",
            ] as [String: Any],
            "phone": [
                "manufacturer": "Apple",
                "model": machine(),
                "system": UIDevice.current.systemName + " " + UIDevice.current.systemVersion,
                "cores": ProcessInfo.processInfo.processorCount,
            ] as [String: Any],
            "labels": engine.spec.labels,
        ]
    }

    /// "iPhone16,2", which names the very kind of phone.
    private static func machine() -> String {
        var info = utsname()
        uname(&info)
        return withUnsafeBytes(of: &info.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// A random number of this installation, so that records of two phones of one kind are not taken for one phone's.
    private static func installation() -> String {
        let key = "installation"
        if let known = UserDefaults.standard.string(forKey: key) { return known }
        let fresh = UUID().uuidString
        UserDefaults.standard.set(fresh, forKey: key)
        return fresh
    }

    private static func data(_ record: [String: Any]) -> Data? {
        guard JSONSerialization.isValidJSONObject(record) else { return nil }
        return try? JSONSerialization.data(withJSONObject: record, options: [.prettyPrinted, .sortedKeys])
    }
}
