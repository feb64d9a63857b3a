// Files that leave the phone, by the user's hand only: the system's share sheet.
import SwiftUI
import UIKit

struct SharedFile: Identifiable {
    let id = UUID()
    let url: URL

    /// Written into the folder for passing things, under the app's name.
    init?(name: String, data: Data) {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        guard (try? data.write(to: url, options: .atomic)) != nil else { return nil }
        self.url = url
    }
}

struct ShareSheet: UIViewControllerRepresentable {
    let file: SharedFile

    func makeUIViewController(context: Context) -> UIActivityViewController {
        UIActivityViewController(activityItems: [file.url], applicationActivities: nil)
    }

    func updateUIViewController(_ controller: UIActivityViewController, context: Context) {}
}
