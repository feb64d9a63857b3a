// What the user could do for a better picture: light and shaking as measured (in C), else the paper's troubles in turn.
import Foundation

final class Hints {
    private static let dark: Int32 = 45  // mean level
    private static let bright: Int32 = 225
    private static let flat: Int32 = 6  // mean distance from the mean level
    private static let shaken: Int32 = 28  // mean change from the frame before
    private static let adviceSeconds = 4.0
    private static let advice = ["hint_distance", "hint_centre", "hint_background"]

    private var before: [UInt8] = []

    /// A key of Localizable.strings; nil when all is well.
    func of(_ answer: Answer, sure: Bool, at seconds: TimeInterval) -> String? {
        let now = answer.seen.rgb
        var light = handlens_ffi_light(mean: 0, spread: 0, change: 0)
        if before.count == now.count {
            handlens_ffi_measure(now, before, now.count, &light)
        } else {
            handlens_ffi_measure(now, nil, now.count, &light)
        }
        before = now
        if light.mean < Hints.dark { return "hint_dark" }
        if light.mean > Hints.bright { return "hint_bright" }
        if light.spread < Hints.flat { return "hint_flat" }
        if light.change > Hints.shaken { return "hint_still" }
        if sure { return nil }
        return Hints.advice[Int(seconds / Hints.adviceSeconds) % Hints.advice.count]
    }
}
