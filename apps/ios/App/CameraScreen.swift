// Live answers. The picture on the screen is the analysed frame itself, so the square on it is what the model gets.
import SwiftUI

struct CameraScreen: View {
    let engine: Engine
    @StateObject private var live: Live
    @AppStorage("camera_wanted") private var wanted = false

    init(engine: Engine) {
        self.engine = engine
        _live = StateObject(wrappedValue: Live(engine: engine))
    }

    var body: some View {
        VStack(spacing: 12) {
            if wanted {
                FrameView(live: live, fit: engine.spec.preprocess.fit)
                    .onTapGesture { live.paused.toggle() }
                    .accessibilityLabel(t("camera_picture"))
                if let problem = live.problem { ProblemText(key: problem) }
                if let shown = live.shown { AnswerView(engine: engine, answer: shown.answer, hint: shown.hint) }
                buttons
            } else {
                Spacer()
                Text(t("camera_why")).multilineTextAlignment(.center)
                Button(t("allow_camera")) {
                    wanted = true
                    live.start()
                }
                .buttonStyle(.borderedProminent)
                Spacer()
            }
            NoticeText(engine: engine)
        }
        .padding()
        .onAppear { if wanted { live.start() } }
        .onDisappear { live.stop() }
    }

    private var buttons: some View {
        HStack(spacing: 24) {
            Button {
                live.paused.toggle()
            } label: {
                Label(t(live.paused ? "go_on" : "pause"), systemImage: live.paused ? "play" : "pause")
            }
            Button {
                live.toggleTorch()
            } label: {
                Label(t(live.torch ? "torch_off" : "torch_on"), systemImage: live.torch ? "bolt.slash" : "bolt")
            }
            Button {
                live.swap()
            } label: {
                Label(t("swap"), systemImage: "arrow.triangle.2.circlepath.camera")
            }
        }
        .labelStyle(.iconOnly)
        .font(.title2)
    }
}

/// The frame, with the part that the model sees left bright.
struct FrameView: View {
    @ObservedObject var live: Live
    let fit: String

    var body: some View {
        Group {
            if let shown = live.shown {
                Image(decorative: shown.image, scale: 1)
                    .resizable()
                    .scaleEffect(x: shown.mirrored ? -1 : 1, y: 1)
                    .aspectRatio(CGFloat(shown.width) / CGFloat(shown.height), contentMode: .fit)
                    .overlay(GeometryReader { place in box(in: place.size) })
            } else {
                Rectangle()
                    .fill(Color.secondary.opacity(0.2))
                    .aspectRatio(3 / 4, contentMode: .fit)
                    .overlay(ProgressView())
            }
        }
    }

    private func box(in size: CGSize) -> some View {
        let side = min(size.width, size.height)
        let width = fit == "crop" ? side : size.width
        let height = fit == "crop" ? side : size.height
        return Rectangle()
            .strokeBorder(Color.white, lineWidth: 3)
            .frame(width: width, height: height)
            .position(x: size.width / 2, y: size.height / 2)
    }
}

/// Label, bar, the best three, a hint.
struct AnswerView: View {
    let engine: Engine
    let answer: Answer
    var hint: String?

    var body: some View {
        let sure = engine.sure(answer)
        let referral = engine.referral(answer)
        VStack(alignment: .leading, spacing: 6) {
            Text(referral != nil ? t("refer") : sure ? engine.label(answer) : t("not_sure")).font(.title2).bold()
            let detail = referral ?? (sure ? "" : engine.perhaps(answer))
            if !detail.isEmpty { Text(verbatim: detail) }
            ProgressView(value: min(1, max(0, answer.top)))
                .accessibilityLabel(sure ? t("confidence", percent(answer.top)) : t("confidence_unsure", percent(answer.top), engine.label(answer)))
            ForEach(answer.order.prefix(3), id: \.self) { index in
                HStack {
                    Text(verbatim: engine.spec.labels[index])
                    Spacer()
                    Text(verbatim: percent(Double(answer.scores[index]))).monospacedDigit()
                }
                .font(.subheadline)
            }
            if let hint = hint { Text(t(hint)).font(.subheadline).foregroundColor(.orange) }
        }
    }
}

struct ProblemText: View {
    let key: String

    var body: some View {
        Label(t(key), systemImage: "exclamationmark.triangle").foregroundColor(.red)
    }
}

struct NoticeText: View {
    let engine: Engine

    var body: some View {
        if let notice = engine.spec.preprocess.notice, !notice.isEmpty {
            Text(verbatim: notice).font(.footnote).foregroundColor(.secondary)
        }
    }
}
