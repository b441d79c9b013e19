import "../styles/base.css";
import "../styles/candidate.css";
import { strings } from "../strings";
import { takeLogin } from "../ui/entry";
import { showNotice } from "../ui/notice";
import { CandidatePage } from "./page";

const root = document.querySelector("#page") ?? document.body;
const login = takeLogin("candidate");
if (login === null) showNotice(root, strings.noLink);
else if (!isSecureContext) showNotice(root, strings.insecure);
else void new CandidatePage(root, login).run();
