// Texts of the user's language (Localizable.strings) and of errors.
import Foundation

func t(_ key: String, _ values: CVarArg...) -> String {
    String(format: NSLocalizedString(key, comment: ""), locale: Locale.current, arguments: values)
}

/// What can be said to the user about what went wrong: a key of Localizable.strings.
struct Problem: Error {
    let key: String

    init(_ key: String) {
        self.key = key
    }
}

func text(of error: Error) -> String {
    if let problem = error as? Problem { return t(problem.key) }
    return error.localizedDescription
}

func percent(_ share: Double) -> String {
    t("percent", min(1, max(0, share)) * 100)
}
