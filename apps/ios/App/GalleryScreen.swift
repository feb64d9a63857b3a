// One or many pictures, or a folder; each as the model saw it. True classes are counted. CSV through the share sheet.
import PhotosUI
import SwiftUI
import UniformTypeIdentifiers

struct GalleryScreen: View {
    let engine: Engine
    @StateObject private var gallery: GalleryModel
    @State private var picked: [PhotosPickerItem] = []
    @State private var choosesFiles = false
    @State private var shared: SharedFile?

    init(engine: Engine) {
        self.engine = engine
        _gallery = StateObject(wrappedValue: GalleryModel(engine: engine))
    }

    var body: some View {
        NavigationStack {
            List {
                Section {
                    // The stored file, not one that the system encodes anew.
                    PhotosPicker(selection: $picked, matching: .images, preferredItemEncoding: .current) {
                        Label(t("pick"), systemImage: "photo")
                    }
                    Button {
                        choosesFiles = true
                    } label: {
                        Label(t("pick_folder"), systemImage: "folder")
                    }
                    Text(status).font(.subheadline).foregroundColor(.secondary)
                    if gallery.working { ProgressView() }
                }
                ForEach($gallery.items) { $item in
                    GalleryRow(engine: engine, item: $item)
                }
            }
            .navigationTitle(t("gallery"))
            .toolbar {
                Button(t("share")) {
                    shared = SharedFile(name: "handlens-pictures.csv", data: Data(gallery.csv.utf8))
                }
                .disabled(gallery.items.isEmpty || gallery.working)
            }
        }
        .onChange(of: picked) { chosen in
            if !chosen.isEmpty { take(chosen) }
        }
        .fileImporter(isPresented: $choosesFiles, allowedContentTypes: [.image, .folder], allowsMultipleSelection: true) { result in
            if case .success(let urls) = result { gallery.add(urls: urls) }
        }
        .sheet(item: $shared) { file in ShareSheet(file: file) }
    }

    private var status: String {
        let tally = gallery.tally
        if gallery.items.isEmpty { return t("gallery_empty") }
        let count = t("pictures", gallery.items.count)
        return tally.known == 0 ? count + ". " + t("tally_how") : count + ". " + tally.text
    }

    private func take(_ chosen: [PhotosPickerItem]) {
        picked = []
        Task { @MainActor in
            for (index, item) in chosen.enumerated() {
                let data = try? await item.loadTransferable(type: Data.self)
                gallery.add(name: t("picture_number", index + 1), folder: "") {
                    guard let data = data else { throw Problem("problem_unreadable") }
                    return data
                }
            }
            gallery.endOfBatch()
        }
    }
}

struct GalleryRow: View {
    let engine: Engine
    @Binding var item: GalleryItem

    var body: some View {
        HStack(alignment: .top) {
            if let image = item.image {
                Image(image, scale: 1, label: Text(t("seen_by_model", item.name)))
                    .resizable()
                    .interpolation(.none)
                    .frame(width: 72, height: 72)
            }
            VStack(alignment: .leading, spacing: 4) {
                if let answer = item.answer {
                    Text(headline(answer)).bold()
                    Text(verbatim: others(answer)).font(.footnote).foregroundColor(.secondary)
                } else {
                    Text(item.problem).foregroundColor(.red)
                }
                Text(verbatim: item.name).font(.footnote)
                truthMenu
            }
        }
    }

    private func headline(_ answer: Answer) -> String {
        let line = engine.label(answer) + "  " + percent(answer.top)
        let mark = item.truth.map { $0 == answer.best ? "  " + t("right_mark") : "  " + t("wrong_mark") } ?? ""
        if let referral = engine.referral(answer) { return t("refer") + ": " + referral + mark }
        if engine.sure(answer) { return line + mark }
        let perhaps = engine.perhaps(answer)
        return (perhaps.isEmpty ? t("not_sure") : t("answer_unsure", perhaps)) + mark
    }

    private func others(_ answer: Answer) -> String {
        answer.order.prefix(3).map { engine.spec.labels[$0] + " " + percent(Double(answer.scores[$0])) }.joined(separator: " · ")
    }

    private var truthMenu: some View {
        Menu {
            Button(t("truth_unknown")) { item.truth = nil }
            ForEach(engine.spec.labels.indices, id: \.self) { index in
                Button(engine.spec.labels[index]) { item.truth = index }
            }
        } label: {
            Text(item.truth.map { t("truth_is", engine.spec.labels[$0]) } ?? t("truth_question")).font(.footnote)
        }
    }
}
