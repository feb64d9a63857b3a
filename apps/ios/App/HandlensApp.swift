// The app: five screens on one engine. When the app's files do not fit together it says so and answers nothing.
import SwiftUI

@main
struct HandlensApp: App {
    @StateObject private var model = AppModel()

    var body: some Scene {
        WindowGroup {
            if let parts = model.parts {
                Screens(parts: parts)
            } else {
                RefusalScreen(reason: model.problem)
            }
        }
    }
}

/// What every screen works with.
final class Parts: ObservableObject {
    let engine: Engine
    let check: CheckModel
    let field: FieldLog

    init(engine: Engine) {
        self.engine = engine
        check = CheckModel(engine: engine)
        field = FieldLog(spec: engine.spec)
    }
}

final class AppModel: ObservableObject {
    let parts: Parts?
    let problem: String

    init() {
        do {
            parts = Parts(engine: try Engine())
            problem = ""
        } catch {
            parts = nil
            problem = text(of: error)
        }
    }
}

struct Screens: View {
    let parts: Parts
    @State private var screen = "camera"

    var body: some View {
        TabView(selection: $screen) {
            CameraScreen(engine: parts.engine)
                .tabItem { Label(t("camera"), systemImage: "camera") }
                .tag("camera")
            GalleryScreen(engine: parts.engine)
                .tabItem { Label(t("gallery"), systemImage: "photo.on.rectangle") }
                .tag("gallery")
            FieldScreen(engine: parts.engine, check: parts.check, log: parts.field)
                .tabItem { Label(t("field_test"), systemImage: "checklist") }
                .tag("field")
            CheckScreen(check: parts.check)
                .tabItem { Label(t("self_check"), systemImage: "checkmark.seal") }
                .tag("check")
            AboutScreen(engine: parts.engine)
                .tabItem { Label(t("about"), systemImage: "info.circle") }
                .tag("about")
        }
        .onAppear {
            // The first start shows what this phone is worth before it answers anything.
            if !parts.check.wasRunBefore { screen = "check" }
            parts.check.run()
        }
    }
}

struct RefusalScreen: View {
    let reason: String

    var body: some View {
        VStack(spacing: 16) {
            Image(systemName: "exclamationmark.triangle").font(.largeTitle)
            Text(t("refuse_title")).font(.title2)
            Text(reason).multilineTextAlignment(.center)
        }
        .padding()
    }
}
