// The notice, the model's facts and card, versions.
import SwiftUI

struct AboutScreen: View {
    let engine: Engine

    var body: some View {
        let spec = engine.spec
        NavigationStack {
            List {
                Section {
                    NoticeText(engine: engine)
                    Fact(name: t("about_name"), value: spec.name)
                    Fact(name: t("about_model"), value: t("about_model_value", spec.modelFile, spec.preprocess.modelVersion ?? "", spec.side))
                    Fact(name: t("about_author"), value: spec.preprocess.author ?? "")
                    Fact(name: t("about_license"), value: spec.preprocess.license ?? "")
                    Fact(name: t("about_classes"), value: spec.labels.joined(separator: ", "))
                    Fact(name: "SHA-256", value: spec.modelSha256)
                    Fact(name: t("about_runtime"), value: Engine.runtime)
                }
                Section {
                    Text(verbatim: card).font(.footnote)
                }
                Section {
                    Text(t("software")).font(.footnote)
                }
            }
            .navigationTitle(t("about"))
        }
    }

    private var card: String {
        guard let data = try? Files.data("bundle/modelcard.md") else { return t("no_card") }
        return String(decoding: data, as: UTF8.self)
    }
}
